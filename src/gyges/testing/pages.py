# SPDX-License-Identifier: Apache-2.0
"""Filtering, ordering and paging of cases held in a list, as the real stores do it in SQL."""

from collections.abc import Sequence

from gyges.case import Case
from gyges.ledger.reads import MOST_CASES, Place, make_cursor, read_cursor
from gyges.ledger.rows import NEVER
from gyges.ledger.search import MOST_FOUND, matches, tally_of, words
from gyges.ports import CaseQuery, CaseSearch, Found, Page, Tally


def page_of(cases: Sequence[Case], query: CaseQuery) -> Page:
    """One page of `cases`, which stand in the order in which they were first stored."""
    after = read_cursor(query.after, by_risk=query.by_risk)
    limit = min(max(query.limit, 1), MOST_CASES)
    places = [(_place(case, seq, query), case) for seq, case in enumerate(cases, 1)]
    found = sorted(
        (pair for pair in places if pair[0] > after and _matches(pair[1], query)),
        key=lambda pair: pair[0],
    )
    page = found[:limit]
    more = make_cursor(page[-1][0]) if len(found) > limit else ""
    return Page(cases=tuple(case for _, case in page), next=more)


def found_of(cases: Sequence[Case], query: CaseSearch) -> Found:
    """All of `cases` that are looked for, a page of them."""
    words(query.text)
    after = read_cursor(query.after, by_risk=False)
    limit = min(max(query.limit, 1), MOST_FOUND)
    places = [((-seq,), case) for seq, case in enumerate(cases, 1)]
    found = [pair for pair in reversed(places) if pair[0] > after and matches(pair[1], query)]
    more = make_cursor(found[limit - 1][0]) if len(found) > limit else ""
    page = tuple(case for _, case in found[:limit])
    return Found(cases=page, next=more, reached=page[-1].created if more else 0)


def tallies_of(cases: Sequence[Case], agent: str, latest: int) -> list[Tally]:
    """What each agent, or the one named, did."""
    names = {case.action.agent for case in cases} if not agent else {agent}
    found: list[Tally] = []
    for name in sorted(names):
        own = [case for case in reversed(cases) if case.action.agent == name]
        tally = tally_of(name, own[: max(latest, 1)], len(own))
        found.append(tally)
    return found


def _place(case: Case, seq: int, query: CaseQuery) -> Place:
    return (-case.risk, case.deadline or NEVER, seq) if query.by_risk else (-seq,)


def _matches(case: Case, query: CaseQuery) -> bool:
    return (
        (not query.states or case.state in query.states)
        and query.agent in ("", case.action.agent)
        and query.tool in ("", case.action.tool)
        and query.episode in ("", case.action.episode)
        and query.digest in ("", case.digest)
    )
