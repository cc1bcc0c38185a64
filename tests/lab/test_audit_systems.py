# SPDX-License-Identifier: Apache-2.0
"""The system under audit: any callable, and a real endpoint that answers well, badly, slowly or not at all."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from typing import cast

import numpy as np
import pytest

from gyges.errors import Malformed
from gyges.lab.audit import run, systems
from gyges.lab.audit.cases import Failed
from gyges.lab.audit.plan import Plan, Row
from gyges.lab.audit.systems import adapt, decide, endpoint, system_of
from tests.lab.audits import PLAN, honest, people, reply, rule, serving

Posted = dict[str, object]
SHORT = 0.3
"""Seconds that a test's endpoint is given where it will not answer in time."""


def reasons(given: Sequence[object]) -> set[str]:
    """Why decisions are missing; every one must be."""
    assert all(isinstance(one, Failed) for one in given)
    return {cast("Failed", one).reason for one in given}


def asked(address: str, rows: Sequence[Row], plan: Plan = PLAN) -> list[object]:
    """All decisions of an endpoint."""
    return list(decide(endpoint(address, plan.timeout), rows, "live", plan))


def one(rows: Sequence[Row]) -> list[bool]:
    """A function of rows alone."""
    return [True for _ in rows]


class Scorer:
    """A callable object that wants the headers too."""

    def __call__(self, rows: Sequence[Row], headers: Mapping[str, str]) -> list[str]:
        return [headers.get("who", "?") for _ in rows]


@pytest.mark.parametrize(
    ("system", "expected"),
    [
        (one, [True] * 5),
        (Scorer(), ["me"] * 5),
        (lambda *both: [len(both)] * len(both[0]), [2] * 5),
        (lambda rows: tuple(i for i, _ in enumerate(rows)), [0, 1, 0, 1, 0]),
        (lambda rows: np.arange(len(rows)), [0, 1, 0, 1, 0]),
        (lambda rows, bar=7: [bar] * len(rows), [7] * 5),
        (lambda rows, headers={}: [headers["who"]] * len(rows), ["me"] * 5),
    ],
)
def test_any_callable_is_a_system(system: Callable[..., object], expected: list[object]) -> None:
    """Functions, objects and lambdas are called with batches; lists, tuples and arrays are answers."""
    plan = replace(PLAN, batch=2, headers={"live": {"who": "me"}})
    given = list(decide(adapt(system), people(5, 1), "live", plan))
    assert given == expected
    assert all(type(value) in {bool, int, str} for value in given)


@pytest.mark.slow
def test_arrays_of_any_kind_are_decisions() -> None:
    """What a library predicts counts: NumPy's own integers, booleans and floats are read as plain ones."""
    audit, live = people(300, 1), people(300, 2)
    for kind in (np.int64, np.bool_, np.float32):
        found = run(audit, live, PLAN, lambda rows, kind=kind: np.array(honest(rows), dtype=kind))
        assert found.live.cases == 300
    numbers = replace(PLAN, kind="number")
    found = run(audit, live, numbers, lambda rows: np.array([7 for _ in rows], dtype=np.int32))
    assert (found.live.cases, found.comparisons[0].live) == (300, 7.0)


def failing(rows: Sequence[Row]) -> list[bool]:
    """A system that fails on some batches."""
    if any(row["ward"] == "B" for row in rows):
        raise RuntimeError("secret detail")
    return honest(rows)


@pytest.mark.parametrize(
    ("system", "reason"),
    [
        (failing, "the call failed: RuntimeError"),
        (lambda rows: "yes", "the answer is no list"),
        (lambda rows: dict.fromkeys(map(str, range(len(rows))), 1), "the answer is no list"),
        (lambda rows: None, "the answer is no list"),
        (lambda rows: (True for _ in rows), "the answer is no list"),
        (lambda rows: [True], "the answer has another length"),
        (lambda rows: np.zeros(()), "the answer is no list"),
    ],
)
def test_a_callable_that_fails_is_failed_calls_and_no_decision(
    system: Callable[..., object], reason: str
) -> None:
    """Whatever it raises or returns, a batch without decisions is counted by its reason."""
    rows = [{**row, "ward": "B"} for row in people(5, 1)]
    assert reasons(list(decide(adapt(system), rows, "live", PLAN))) == {reason}


@pytest.mark.parametrize(
    "value", [None, "", float("nan"), [True], {"a": 1}, "perhaps", float("inf")]
)
def test_a_decision_that_is_none_is_lost_and_not_unfavourable(value: object) -> None:
    """Each kind of plan refuses to read it, so it is in no rate."""
    rows = people(60, 1)
    found = run(
        rows, rows, PLAN, lambda asked: [value if r["id"] == "0" else rule(r) for r in asked]
    )
    assert sum(found.live.lost.values()) == 1
    assert found.live.cases == 59


def test_the_next_batch_is_tried_after_one_that_failed() -> None:
    """A failure costs its own batch only."""
    rows = [{**row, "ward": "B" if i < 2 else "A"} for i, row in enumerate(people(6, 1))]
    given = list(decide(adapt(failing), rows, "live", replace(PLAN, batch=2)))
    assert [isinstance(decision, Failed) for decision in given] == [True, True] + [False] * 4


def test_the_system_is_not_shown_what_it_should_decide() -> None:
    """Neither the real outcome nor a decision on file is sent."""
    seen = list[Row]()
    plan = replace(PLAN, outcome="recovered")
    rows = [{**row, "recovered": "yes", "decision": "no"} for row in people(3, 1)]
    list(decide(adapt(lambda batch: [seen.append(r) or True for r in batch]), rows, "live", plan))
    assert [set(row) for row in seen] == [{"id", "need", "ward", "sex"}] * 3


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("no_such_module:f", "No module named"),
        ("tests.lab.audits:no_such", "no attribute"),
        ("tests.lab.audits", "system 'tests.lab.audits'"),
        ("tests.lab.audits:PLAN", "cannot be called"),
        ("http://192.0.2.1/decide", "https, or to this machine only"),
        ("http://localhost.evil.example/decide", "https, or to this machine only"),
    ],
)
def test_a_system_that_may_not_or_cannot_be_asked(name: str, match: str) -> None:
    """No function there, and no personal data in the clear to another machine."""
    with pytest.raises(Malformed, match=match):
        system_of(name, PLAN)


def test_a_function_is_found_by_its_name() -> None:
    """`module:function` is imported and called."""
    system = system_of("tests.lab.audits:honest", PLAN)
    rows = people(20, 4)
    assert system is not None
    assert list(decide(system, rows, "audit", PLAN)) == honest(rows)


@pytest.mark.slow
def test_an_endpoint_decides_like_the_function_behind_it() -> None:
    """Rows go as JSON in batches, headers tell the context, decisions come back in order."""
    heard = list[tuple[str, int]]()

    def answer(handler: BaseHTTPRequestHandler, posted: Posted) -> None:
        rows = cast("list[Row]", posted["rows"])
        heard.append((handler.headers["x-batch"], len(rows)))
        reply(handler, {"decisions": honest(rows)})

    audit, live = people(130, 1), people(120, 2)
    plan = replace(PLAN, headers={"audit": {"x-batch": "review"}, "live": {"x-batch": "shop"}})
    with serving(answer) as address:
        found = run(audit, live, plan, endpoint(address, plan.timeout))
    direct = run(audit, live, plan, honest)
    assert found.comparisons == direct.comparisons
    assert heard == [
        ("shop", 50),
        ("shop", 50),
        ("shop", 20),
        *[("review", 50)] * 2,
        ("review", 30),
    ]


def test_an_endpoint_can_be_asked_from_within_a_running_loop() -> None:
    """In a notebook a loop runs already; the audit works there all the same."""

    async def inside(address: str) -> list[object]:
        return asked(address, people(3, 1))

    with serving(lambda h, posted: reply(h, {"decisions": [True] * 3})) as address:
        assert asyncio.run(inside(address)) == [True] * 3


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"", 200, "the answer is no JSON"),
        (b"<html>", 200, "the answer is no JSON"),
        (b"[" * 100_000, 200, "the answer is no JSON"),
        (b"\xff\xfe", 200, "the answer is no JSON"),
        ([True, True], 200, "the answer has no decisions"),
        ({"decision": [True, True]}, 200, "the answer has no decisions"),
        ({"decisions": "yes"}, 200, "the answer is no list"),
        ({"decisions": {"0": True, "1": True}}, 200, "the answer is no list"),
        ({"decisions": [True]}, 200, "the answer has another length"),
        ({"decisions": [True, True]}, 201, "the endpoint answered 201"),
        ({"error": "no"}, 403, "the endpoint answered 403"),
        ({"error": "no"}, 500, "the endpoint answered 500"),
    ],
)
def test_an_endpoint_that_answers_badly(body: object, status: int, reason: str) -> None:
    """What is no list of as many decisions is so many failed cases, told by what came instead."""
    with serving(lambda handler, posted: reply(handler, body, status)) as address:
        assert reasons(asked(address, people(2, 1))) == {reason}


def test_an_endpoint_that_redirects_is_not_followed() -> None:
    """Personal data go to the address that was named and to no other."""
    seen = list[str]()

    def answer(handler: BaseHTTPRequestHandler, posted: Posted) -> None:
        del posted
        seen.append(handler.path)
        reply(handler, b"", 307, location="/elsewhere")

    with serving(answer) as address:
        assert reasons(asked(address, people(2, 1))) == {"the endpoint answered 307"}
    assert seen == ["/decide"]


def test_an_endpoint_that_nobody_serves_is_failed_calls() -> None:
    """A refused connection is no refusal of credit."""
    with serving(lambda handler, posted: reply(handler, {})) as address:
        pass
    assert reasons(asked(address, people(2, 1))) == {"the call failed: ConnectError"}


@pytest.fixture
def over() -> Iterator[threading.Event]:
    """Set when the test is over, so that an endpoint that waits for it ends."""
    event = threading.Event()
    yield event
    event.set()


@pytest.mark.slow
def test_an_endpoint_that_is_silent_is_given_up(over: threading.Event) -> None:
    """After the plan's timeout the batch has failed."""

    def answer(handler: BaseHTTPRequestHandler, posted: Posted) -> None:
        over.wait(60)

    with serving(answer) as address:
        found = asked(address, people(2, 1), replace(PLAN, timeout=SHORT))
        over.set()
    assert reasons(found) == {"the call timed out"}


@pytest.mark.slow
def test_an_endpoint_that_drips_is_given_up_as_well(over: threading.Event) -> None:
    """A byte now and then does not buy more time: the timeout is of the whole call."""

    def answer(handler: BaseHTTPRequestHandler, posted: Posted) -> None:
        del posted
        handler.send_response(200)
        handler.send_header("content-length", "100000")
        handler.end_headers()
        try:
            while not over.wait(0.02):
                handler.wfile.write(b" ")
        except OSError:
            """The audit has hung up, as it should."""

    with serving(answer) as address:
        found = asked(address, people(2, 1), replace(PLAN, timeout=SHORT))
        over.set()
    assert reasons(found) == {"the call timed out"}


def test_an_answer_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """More bytes than any list of decisions needs are not read into memory."""
    monkeypatch.setattr(systems, "MOST", 1000)
    with serving(lambda handler, posted: reply(handler, b" " * 200_000)) as address:
        assert reasons(asked(address, people(2, 1))) == {"the answer is longer than 1000 bytes"}
