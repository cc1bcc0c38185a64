# SPDX-License-Identifier: Apache-2.0
"""Deliveries in memory: the plain half of the outbox. It sends nothing."""

from collections.abc import Sequence

from gyges.ports import Change, Delivery, DeliveryQuery


class Outbox:
    """A dictionary of deliveries by id, in the order in which they were made."""

    def __init__(self) -> None:
        self._all: dict[str, Delivery] = {}

    def put(self, change: Change) -> None:
        """Carry out what `change` says about deliveries."""
        for made in change.deliveries:
            self._all.setdefault(made.id, made)
        for tried in change.attempts:
            if tried.id in self._all:
                self._all[tried.id] = tried
        for gone in change.forgotten:
            self._all.pop(gone, None)

    def deliveries(self, query: DeliveryQuery) -> Sequence[Delivery]:
        """See `ports.Store.deliveries`."""
        found = [delivery for delivery in self._all.values() if _asked(delivery, query)]
        if query.open or query.due:
            found.sort(key=lambda delivery: delivery.due)
        return found[: max(query.limit, 0)]


def _asked(delivery: Delivery, query: DeliveryQuery) -> bool:
    return (
        query.id in ("", delivery.id)
        and query.channel in ("", delivery.channel)
        and query.case in ("", delivery.case)
        and query.token in ("", delivery.token)
        and (not query.open or delivery.due > 0)
        and (not query.due or 0 < delivery.due <= query.due)
        and (not query.done or 0 < delivery.done <= query.done)
    )
