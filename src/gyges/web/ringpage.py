# SPDX-License-Identifier: Apache-2.0
"""Ring tests as a page: what each agent does where it was told that nobody watches, against where it was not.

The page `/ring` and its twin are the document of `GET /v1/ring`; the twin has every label, the page the largest
gaps. No session's arm is in it. Alarms are settled by the form of the other pages about drift.
"""

import asyncio
from collections.abc import Iterator

from markupsafe import Markup
from starlette.responses import Response

from gyges.watch.asked_ring import Test, Tested
from gyges.web import drawing, drift, forest
from gyges.web.visit import Visit

MOST = 12  # plots on the page; what rang comes first


async def page(visit: Visit) -> Response:
    """`/ring`."""
    found = await drift.rings_of(visit.gate)
    plots = {} if visit.wants_json else await asyncio.to_thread(_plots, found.items)
    context = {"standing": found.standing, "items": found.items}
    pictures = {"plots": plots, "labels": forest.LABELS, "drawing": drawing.installed()}
    return visit.render("ring.html", context, pictures=pictures)


def _plots(tests: tuple[Test, ...]) -> dict[tuple[str, str], Markup]:
    """(design, agent) -> the forest plot, for the first that can be drawn."""
    order = sorted(_pairs(tests), key=lambda pair: not any(f.rang for f in pair[1].findings))
    drawn = ((pair, forest.gaps(*pair)) for pair in order[:MOST])
    return {(design, told.agent): plot for (design, told), plot in drawn if plot}


def _pairs(tests: tuple[Test, ...]) -> Iterator[tuple[str, Tested]]:
    for test in tests:
        for told in test.agents:
            yield test.design, told
