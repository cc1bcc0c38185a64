# SPDX-License-Identifier: Apache-2.0
"""What a message says: enough to know that one should look, and nothing that an agent could have written."""

import re
import string
from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.adapters.notify.config import KINDS
from gyges.adapters.notify.telling import (
    MOST,
    NAME,
    RULE,
    body,
    headline,
    plain,
    subject,
    telling_of,
)
from gyges.case import Say, State
from tests.adapters.notify.office import (
    NOON,
    SECRET,
    a_case,
    a_delivery,
    a_telling,
    a_vote,
)

BASE = "https://gate.example.org"
SAFE = set(string.ascii_letters + string.digits + "_-\N{MIDDLE DOT}\N{HORIZONTAL ELLIPSIS}")


def test_a_waiting_case_in_words() -> None:
    """Tool, agent, who is asked, the risk, a short digest, the time it ends, one link, and what it is not."""
    case = a_case()
    telling = telling_of(a_delivery(), case, base=BASE, level="medium")
    assert subject([telling]) == "Gyges: send_mail by bot waits for finance (medium risk)"
    assert body([telling]) == (
        "send_mail by bot waits for finance.\n"
        f"Risk: medium. Digest: {case.digest[:19]}\n"
        "Without an answer it is denied at 2026-11-21 13:00 UTC.\n"
        f"{BASE}/a/c-1\n\n{RULE}\n"
    )


@pytest.mark.parametrize("kind", [*KINDS, "something-new"])
@pytest.mark.parametrize("state", [State.WAITING, State.DENIED])
def test_no_argument_leaves_the_gate(kind: str, state: State) -> None:
    """Arguments, purpose, resource and reasons are in no message of any kind, nor is the whole digest."""
    case = a_case(state=state, votes=(a_vote(say=Say.DENY),))
    telling = telling_of(a_delivery(kind), case, base=BASE, level="low")
    said = repr(telling) + subject([telling]) + body([telling])
    assert SECRET not in said
    assert case.digest not in said
    assert "Eve" not in said


def test_who_decided_is_told_only_at_the_end() -> None:
    """While it waits nobody's vote is told; afterwards those that decided."""
    votes = (a_vote("ann"), a_vote("bea"), a_vote("zoe", Say.DENY))
    waiting = telling_of(a_delivery(), a_case(votes=votes), base=BASE, level="low")
    assert "ann" not in body([waiting])
    denied = a_case(state=State.DENIED, votes=votes)
    told = telling_of(a_delivery("denied"), denied, base=BASE, level="low")
    assert headline(told) == "send_mail by bot was denied by zoe"
    granted = a_case(state=State.GRANTED, votes=votes)
    told = telling_of(a_delivery("granted"), granted, base=BASE, level="low")
    assert headline(told) == "send_mail by bot was granted by ann, bea"


def test_a_notice_about_no_case_points_to_the_inbox() -> None:
    """There is nothing else to say."""
    told = telling_of(a_delivery("test", case=""), None, base=BASE, level="medium")
    assert (told.url, headline(told)) == (f"{BASE}/inbox", "test: look at the inbox")


@given(st.text())
def test_a_name_becomes_letters(name: str) -> None:
    """Nothing is left that a program could take for a link, a mention, an entity or another direction."""
    told = plain(name)
    assert set(told) <= SAFE
    assert len(told) <= NAME
    assert plain(told.replace("\N{HORIZONTAL ELLIPSIS}", "x")) == told.replace(
        "\N{HORIZONTAL ELLIPSIS}", "x"
    )


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("send_mail", "send_mail"),
        ("mail.send", "mail·send"),
        ("https://evil.example/?a=b", "https·evil·example·a·b"),
        ("<!channel>", "·channel·"),
        ("a\r\nBcc: eve@evil.example", "a·Bcc·eve·evil·example"),
        ("pay\u202eyap", "pay·yap"),
        ("\u0440\u0430y", "·y"),  # Cyrillic, of the same looks
        ("x" * 65, "x" * 63 + "…"),
    ],
)
def test_hostile_names(name: str, told: str) -> None:
    """What an agent could call a tool to be clicked, to shout, or to add a header."""
    assert plain(name) == told


@given(st.lists(st.sampled_from(["low", "medium", "high"]), min_size=2, max_size=80))
def test_a_digest_is_bounded_and_in_order(levels: list[str]) -> None:
    """The most pressing stands first, at most fifty are listed, the rest is counted."""
    risks = {"low": 10, "medium": 40, "high": 80}
    tellings = [
        a_telling(case=f"c-{n}", url=f"{BASE}/a/c-{n}", level=level, risk=risks[level])
        for n, level in enumerate(levels)
    ]
    text = body(tellings)
    shown = re.findall(r"Risk: (\w+)\.", text)
    assert shown == sorted(levels, key=lambda level: -risks[level])[:MOST]
    assert text.count(f"{BASE}/a/c-") == min(len(levels), MOST)
    assert (f"And {len(levels) - MOST} more." in text) == (len(levels) > MOST)
    high = levels.count("high")
    expected = f"Gyges: {len(levels)} notices" + (f", {high} of high risk" if high else "")
    assert subject(tellings) == expected


def test_times_are_told_in_utc() -> None:
    """The reader may be anywhere, so the zone is said."""
    assert "2026-11-21 12:00 UTC" in body([a_telling(deadline=NOON)])


def test_an_alarm_of_drift_is_a_name_and_a_link() -> None:
    """Feature and agent in safe letters, a link to the page, and no number; a hostile name stays one path."""
    where = f"drift:{quote('b/ot http://x', safe='')}/denied"
    row = replace(a_delivery("drift"), case=where)
    telling = telling_of(row, None, base=BASE, level="medium")
    assert (
        headline(telling)
        == "drift: denied of b\N{MIDDLE DOT}ot\N{MIDDLE DOT}http\N{MIDDLE DOT}x has changed"
    )
    assert telling.url == f"{BASE}/drift/b%2Fot%20http%3A%2F%2Fx/denied"
    assert body([telling]) == f"{headline(telling)}.\n{telling.url}\n\n{RULE}\n"
