# SPDX-License-Identifier: Apache-2.0
"""What every store promises: the contracts of `gyges.ports` as tests, run against each of them.

A module that has a store gives a fixture `store` and a class that inherits `StoreSuite`.
"""

from tests.ledger.suite_lists import ListSuite
from tests.ledger.suite_log import LogSuite
from tests.ledger.suite_outbox import OutboxSuite
from tests.ledger.suite_people import PeopleSuite
from tests.ledger.suite_record import RecordSuite
from tests.ledger.suite_search import SearchSuite


class StoreSuite(RecordSuite, ListSuite, SearchSuite, PeopleSuite, OutboxSuite, LogSuite):
    """The contract. One store, empty, for each test."""
