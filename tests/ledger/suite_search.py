# SPDX-License-Identifier: Apache-2.0
"""The contract of searching and tallying in `ports.Store`. See `store_suite`."""

from dataclasses import replace

import pytest

from gyges.action import Action
from gyges.canon import Json
from gyges.case import Case, Outcome, Say, State, Vote
from gyges.episode import Kind
from gyges.errors import Malformed
from gyges.ledger.search import MOST_WORDS, WINDOW
from gyges.ports import CaseSearch, Store, Tally
from tests.ledger.store_words import NOW, Everything, a_case, a_change, an_event, fill

SAID: dict[str, Json] = {
    "to": 'Zoë "the" fox_100%',
    "deep": [{"Memo": "line\nbreak \\ back"}],
    "amount": 4817,
}


def a_rich_case(id: str, **changes: object) -> Case:
    """A case in which agent, people and rule all say something."""
    action = Action(agent="clerk", tool="pay", arguments=SAID, purpose="Rent for May")
    vote = Vote(
        person="Ana", group="finance", say=Say.APPROVE, at=NOW, digest="d", reason="as agreed"
    )
    case = replace(
        a_case(id), action=action, digest=action.digest, votes=(vote,), reason="two must approve",
        outcome=Outcome(ok=True, at=NOW, summary="booked 77"),
    )  # fmt: skip
    return replace(case, **changes)  # type: ignore[arg-type]


async def ids_of(store: Store, query: CaseSearch) -> list[str]:
    """Ids on all pages of a search."""
    found: list[str] = []
    while True:
        page = await store.search(query)
        found += [case.id for case in page.cases]
        if not page.next:
            return found
        query = replace(query, after=page.next)


class SearchSuite:
    """Words, filters, pages, tallies."""

    @pytest.mark.parametrize(
        "text",
        ["zoë", 'THE"', "fox_100%", "memo", "line break", "\\", "4817", "rent MAY", "ana agreed",
         "two approve", "booked", "c-rich", "clerk pay", "", "  "],
    )  # fmt: skip
    async def test_a_word_is_found_wherever_it_was_said(self, store: Everything, text: str) -> None:
        """In keys, values at any depth, purpose, votes, reasons, outcome, names; in any case of A-Z."""
        await store.record(a_change(a_rich_case("c-rich"), a_case("c-plain", tool="look")))
        assert "c-rich" in await ids_of(store, CaseSearch(text=text))

    @pytest.mark.parametrize(
        "text", ["fox1100", "fox_100_", "rent june", "votes", "guidance", "%", "_x", "!", "ZOË"]
    )
    async def test_what_nobody_said_is_not_found(self, store: Everything, text: str) -> None:
        """Wildcards stand for themselves, names of our own fields are not words, all words must occur."""
        case = a_rich_case("c-rich")
        plain = replace(case.action, arguments={"to": "Zoë", "f": "fox_100x"})
        await store.record(a_change(replace(case, action=plain)))
        assert await ids_of(store, CaseSearch(text=text)) == []

    async def test_every_filter_of_a_search(self, store: Everything) -> None:
        """Alone and together, newest first, whatever the page's size."""
        states = (State.WAITING, State.DENIED, State.DONE)
        cases = [
            replace(
                a_case(
                    f"c-{n}", state=states[n % 3], agent=f"agent{n % 2}", tool=f"tool{n % 4}",
                    episode="" if n % 5 else "e-1",
                ),
                created=NOW + n // 2,
                votes=() if n % 4 else a_rich_case("c").votes,
            )
            for n in range(24)
        ]  # fmt: skip
        for case in cases:
            await store.record(a_change(case))
        for wanted in (
            CaseSearch(states=(State.DENIED, State.DONE)),
            CaseSearch(agent="agent1"),
            CaseSearch(tool="tool2"),
            CaseSearch(episode="e-1"),
            CaseSearch(person="Ana"),
            CaseSearch(person="An"),
            CaseSearch(since=NOW + 5),
            CaseSearch(until=NOW + 5),
            CaseSearch(since=NOW + 99),
            CaseSearch(since=NOW + 3, until=NOW + 9, agent="agent0", text="c-1"),
            CaseSearch(person="Ana", states=(State.WAITING,)),
        ):
            query = replace(wanted, limit=3)
            expected = [
                case.id
                for case in reversed(cases)
                if (not query.states or case.state in query.states)
                and query.agent in ("", case.action.agent)
                and query.tool in ("", case.action.tool)
                and query.episode in ("", case.action.episode)
                and query.since <= case.created < (query.until or NOW * 2)
                and query.person in ("", *(vote.person for vote in case.votes))
                and query.text in case.id
            ]
            assert await ids_of(store, query) == expected, query

    async def test_a_search_follows_a_case_that_changes(self, store: Everything) -> None:
        """What is found is what a case says now; when it was created stays."""
        await store.record(a_change(a_case("c-1")))
        after = replace(a_case("c-1", state=State.DENIED, version=1), reason="because of owls")
        await store.record(a_change(after))
        assert await ids_of(store, CaseSearch(text="owls", since=NOW, until=NOW + 1)) == ["c-1"]

    async def test_what_was_redacted_is_not_found_any_more(self, store: Everything) -> None:
        """Words of a closed case go with its payloads; the case itself, its digest and its tool stay."""
        case = a_rich_case("c-rich", state=State.DONE)
        receipt = await store.record(a_change(case))
        assert await ids_of(store, CaseSearch(text="fox_100%")) == ["c-rich"]
        gone = an_event("gate", kind=Kind.REDACTED, body={"by": "root"})
        await store.redact(receipt.indices, gone)
        for text in ("fox_100%", "rent", "agreed", "booked"):
            assert await ids_of(store, CaseSearch(text=text)) == [], text
        assert await ids_of(store, CaseSearch(text=case.digest)) == ["c-rich"]

    async def test_a_search_has_bounds(self, store: Everything) -> None:
        """Too long a text, too many words and foreign cursors are refused."""
        for text in ("x" * 201, " ".join(f"w{n}" for n in range(MOST_WORDS + 1))):
            with pytest.raises(Malformed):
                await store.search(CaseSearch(text=text))
        with pytest.raises(Malformed):
            await store.search(CaseSearch(after="!!"))

    async def test_a_search_goes_beyond_one_window(self, store: Everything) -> None:
        """The one case that says it is found behind many that do not."""
        await store.record(a_change(a_rich_case("c-rich")))
        cases = [a_case(f"c-{n}") for n in range(WINDOW + 10)]
        for start in range(0, len(cases), 512):
            await store.record(a_change(*cases[start : start + 512]))
        assert await ids_of(store, CaseSearch(text="owls")) == []
        assert await ids_of(store, CaseSearch(text="booked", limit=1)) == ["c-rich"]

    async def test_tallies_count_by_agent_tool_and_state(self, store: Everything) -> None:
        """All cases in `total`, the newest ones by tool and state, agents in order."""
        assert await store.tallies() == []
        await fill(store, 3)
        for n, state in enumerate((State.DONE, State.DENIED, State.DENIED)):
            case = a_case(f"c-b{n}", agent="bot", tool="look", state=state)
            await store.record(a_change(replace(case, created=NOW + n)))
        bot = Tally(agent="bot", total=3, last=NOW + 2, counted=2, counts={"look": {"denied": 2}})
        assert [tally.agent for tally in await store.tallies()] == ["bot", "demo"]
        assert await store.tallies("bot", latest=2) == [bot]
        assert await store.tallies("nobody") == [Tally(agent="nobody", total=0, counts={})]
