# SPDX-License-Identifier: Apache-2.0
"""In-memory halves of the ports, for tests of ours and of those who build on Gyges.

memory  Recorder, Store and Log without a disk; passes the suite that the real stores pass
clock   a clock that a test turns by hand

They keep every promise of their port except durability; none of them is a mock.
"""

from gyges.testing.clock import FakeClock
from gyges.testing.memory import MemoryStore

__all__ = ["FakeClock", "MemoryStore"]
