# SPDX-License-Identifier: Apache-2.0
"""Slack against a double of its API: what a message holds, how it is rewritten, and what each answer means."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.adapters.notify.channel import Later, Never
from gyges.adapters.notify.slack import SlackChannel, blocks_of, escaped
from gyges.adapters.notify.slack_review import dialogue, lines_of
from gyges.adapters.notify.telling import plain
from gyges.canon import Json, digest_bytes
from tests.adapters.notify.office import NOON, SECRET, a_case, a_message, a_telling, chat
from tests.adapters.notify.slack_double import SIGNING, TOKEN, SlackDouble, signed, slack
from tests.patience import free_port

pytestmark = pytest.mark.anyio
REVIEW: dict[str, Any] = {
    "review": "medium", "signing_secret_file": "s", "people": {"U1": "ann"}
}  # fmt: skip


@pytest.fixture
def double() -> Iterator[SlackDouble]:
    """Slack, here."""
    with slack() as found:
        yield found


def channel(double: SlackDouble, token: str = TOKEN, **more: Any) -> SlackChannel:
    """A channel to the double."""
    return SlackChannel(chat(api=double.api, **more), token, SIGNING)


async def test_a_message_points_and_has_no_button(double: SlackDouble) -> None:
    """Without leave to review in Slack there is a link and nothing to press; nothing is unfurled."""
    sent = await channel(double).send(a_message(), NOON)
    assert (sent.ref, sent.token) == ("C01/1700000000.000000", "")
    assert double.button() == ""
    text = json.dumps(double.last)
    assert "<https://gate.example.org/a/c-1|Open in Gyges>" in text
    assert SECRET not in text
    assert (double.last["unfurl_links"], double.last["unfurl_media"]) == (False, False)


@pytest.mark.parametrize(
    ("review", "level", "button"),
    [
        ("none", "low", False), ("low", "low", True), ("low", "medium", False),
        ("medium", "medium", True), ("medium", "high", False),
    ],
)  # fmt: skip
async def test_a_button_up_to_the_level_that_is_set(
    double: SlackDouble, review: str, level: str, button: bool
) -> None:
    """Its value is a secret of its own: the outbox keeps the digest only, and it names nothing."""
    plan = {**REVIEW, "review": review}
    sent = await channel(double, **plan).send(a_message(a_telling(level=level)), NOON)
    secret = double.button()
    assert bool(secret) is button
    assert sent.token == (digest_bytes(secret.encode()) if secret else "")
    assert "c-1" not in secret


async def test_every_message_has_a_secret_of_its_own(double: SlackDouble) -> None:
    """Also at a second attempt: who saw the first learns nothing."""
    one = channel(double, **REVIEW)
    secrets = set()
    for _ in range(3):
        await one.send(a_message(), NOON)
        secrets.add(double.button())
    assert len(secrets) == 3
    assert min(map(len, secrets)) >= 32


async def test_an_end_rewrites_the_message(double: SlackDouble) -> None:
    """The same message says how it ended and has no button any more."""
    one = channel(double, **REVIEW)
    sent = await one.send(a_message(), NOON)
    ended = a_telling(kind="expired", state="expired")
    await one.send(a_message(ended, ref=sent.ref), NOON)
    assert len(double.messages) == 1
    assert double.button() == ""
    assert "expired: nobody answered in time" in json.dumps(double.last["blocks"])


@pytest.mark.parametrize(
    ("answer", "error", "after"),
    [
        ((200, {}, {"ok": False, "error": "channel_not_found"}), Never, 0),
        ((200, {}, {"ok": False, "error": "is_archived"}), Never, 0),
        ((200, {}, {"ok": False, "error": "internal_error"}), Later, 0),
        ((429, {"Retry-After": "30"}, {"ok": False, "error": "ratelimited"}), Later, 30),
        ((500, {}, {}), Later, 0),
    ],
)
async def test_what_an_answer_means(
    double: SlackDouble, answer: Any, error: type[Exception], after: int
) -> None:
    """What no attempt will change ends it; the rest is tried again, as late as Slack asks."""
    double.broken.append(answer)
    with pytest.raises(error) as told:
        await channel(double).send(a_message(), NOON)
    assert getattr(told.value, "after_s", 0) == after
    assert len(double.asked) == 1
    assert TOKEN not in str(told.value)


async def test_a_wrong_token_can_be_mended(double: SlackDouble) -> None:
    """It is tried again: somebody may put the right one there."""
    with pytest.raises(Later, match="invalid_auth"):
        await channel(double, token="xoxb-old").send(a_message(), NOON)


async def test_nobody_there_is_tried_again() -> None:
    """Slack is away."""
    gone = channel(SlackDouble(port=free_port()))
    with pytest.raises(Later):
        await gone.send(a_message(), NOON)


def test_only_slack_signs_like_slack(double: SlackDouble) -> None:
    """Body, secret, time and form of the proof: each alone makes it worthless."""
    one = channel(double)
    now = 1_700_000_000
    body, headers = signed({"type": "x"}, at=now)
    assert one.genuine(body.encode(), headers, now * 1000)
    assert one.genuine(body.encode(), headers, (now + 299) * 1000)
    assert not one.genuine(body.encode() + b"&", headers, now * 1000)
    assert not one.genuine(body.encode(), headers, (now + 301) * 1000)
    assert not one.genuine(body.encode(), headers, (now - 301) * 1000)
    assert not one.genuine(body.encode(), {}, now * 1000)
    assert not one.genuine(b"\xff", headers, now * 1000)
    for name, value in (
        ("x-slack-signature", "v0=00"), ("x-slack-request-timestamp", "soon"),
        ("x-slack-request-timestamp", str(now + 1)), ("x-slack-signature", ""),
    ):  # fmt: skip
        assert not one.genuine(body.encode(), {**headers, name: value}, now * 1000)
    other, forged = signed({"type": "x"}, secret="guess", at=now)
    assert not one.genuine(other.encode(), forged, now * 1000)
    assert not SlackChannel(chat(api=double.api), TOKEN).genuine(body.encode(), headers, now * 1000)


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_name_is_interpreted(agent: str, tool: str) -> None:
    """All that is not ours stands in plain_text or is reduced to letters: no mention, no link, no markup."""
    telling = a_telling(agent=plain(agent), tool=plain(tool))
    for block in blocks_of(telling, ""):
        text: Any = block.get("text")
        if text and text["type"] == "mrkdwn":
            assert text["text"] == "<https://gate.example.org/a/c-1|Open in Gyges>"
        if text and text["type"] == "plain_text":
            assert text["emoji"] is False
    assert not set("<>&") & set(plain(agent) + plain(tool))


def test_the_three_letters_of_mrkdwn_are_escaped() -> None:
    """As Slack's manual has it."""
    assert escaped("<!channel> & <@U1>") == "&lt;!channel&gt; &amp; &lt;@U1&gt;"


# --- the dialogue ---


def test_a_dialogue_shows_every_argument_in_full() -> None:
    """Each by name and value as JSON, the whole digest, and nothing that is not said to be the agent's."""
    case = a_case(arguments={"to": "Ada", "amount": 12.5, "note": {"b": [1, None], "a": "x"}})
    shown = lines_of(case)
    assert shown is not None
    assert shown['Argument "to"'] == '"Ada"'
    assert shown['Argument "amount"'] == "12.5"
    assert shown['Argument "note"'] == '{"a": "x", "b": [1, null]}'
    assert shown["Digest of what will run"] == f'"{case.digest}"'


json_values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.mark.slow
@given(st.dictionaries(st.text(max_size=8), json_values, max_size=5))
def test_what_a_dialogue_shows_is_the_value_and_plain(arguments: dict[str, Json]) -> None:
    """Read back it is the same value, and no letter of it can be hidden, reordered or interpreted."""
    shown = lines_of(a_case(arguments=arguments or {"a": 1}))
    assert shown is not None
    values = {n.removeprefix("Argument "): v for n, v in shown.items() if n.startswith("Argument ")}
    assert {json.loads(n): json.loads(v) for n, v in values.items()} == (arguments or {"a": 1})
    for text in (*shown, *shown.values()):
        assert text.isascii()
        assert text.isprintable()
        assert not set("<>&") & set(text)


def test_what_does_not_fit_is_not_shown_in_part() -> None:
    """A long value, or many: there is no dialogue at all."""
    assert dialogue(a_case(arguments={"text": "x" * 2100}), "t") is None
    assert dialogue(a_case(arguments={f"a{n}": n for n in range(40)}), "t") is None
    assert dialogue(a_case(arguments={"text": "\N{SNOWMAN}" * 400}), "t") is None


def test_the_digest_is_of_what_is_shown() -> None:
    """Another argument, version or case is another digest; another token is the same view."""

    def digest(token: str = "t", **more: Any) -> str:
        found = dialogue(a_case(**more), token)
        assert found is not None
        return found[1]

    assert digest() == digest("other")
    others = {digest(version=2), digest(id="c-2"), digest(arguments={"text": "y"})}
    assert len(others | {digest()}) == 4
