# SPDX-License-Identifier: Apache-2.0
"""An executor's memory: once is once, and what was cut off is unknown."""

from pathlib import Path

import pytest

from gyges.adapters.claims import Claims, Untold
from gyges.errors import PermitRefused, StoreDown


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A claims file that is not there yet."""
    return tmp_path / "state" / "claims.db"


def test_a_nonce_is_claimed_once_ever(file: Path) -> None:
    """Neither the same process nor the next one, nor one beside it, claims it again."""
    one, beside = Claims(file), Claims(file)
    one.claim("n-1", "c-1", 5)
    for claims in (one, beside):
        with pytest.raises(PermitRefused, match="c-1"):
            claims.claim("n-1", "c-1", 6)
    one.settle("n-1", ok=True)
    one.told("n-1")
    one.close()
    with pytest.raises(PermitRefused):
        beside.claim("n-1", "c-1", 7)
    beside.close()


def test_a_claim_is_on_the_disk_when_it_returns(file: Path) -> None:
    """Nothing runs on a claim that a power cut could take back: SQLite's `synchronous` is FULL, which is 2."""
    claims = Claims(file)
    assert claims._db.execute("PRAGMA synchronous").fetchone() == (2,)
    claims.close()


def test_a_released_claim_may_be_made_again_and_a_settled_one_is_not_released(file: Path) -> None:
    """Release is for what certainly did not run."""
    claims = Claims(file)
    claims.claim("n-1", "c-1", 5)
    claims.release("n-1")
    claims.claim("n-1", "c-1", 6)
    claims.settle("n-1", ok=False, summary="no")
    claims.release("n-1")
    with pytest.raises(PermitRefused):
        claims.claim("n-1", "c-1", 7)
    assert claims.untold() == [Untold(nonce="n-1", case="c-1", ok=False, summary="no")]
    claims.close()


def test_what_a_dead_process_left_open_is_unknown_and_what_a_live_one_holds_is_left(
    file: Path,
) -> None:
    """A claim belongs to the process that made it for as long as that process lives."""
    dead, live = Claims(file), Claims(file)
    dead.claim("n-1", "c-1", 1)
    live.claim("n-2", "c-2", 2)
    next_one = Claims(file)
    assert next_one.interrupted() == 0
    dead.close()
    assert next_one.interrupted() == 1
    assert [(u.case, u.ok) for u in next_one.untold()] == [("c-1", None)]
    live.settle("n-2", ok=True, result="sha256:x")
    assert [(u.case, u.ok) for u in next_one.untold()] == [("c-1", None), ("c-2", True)]
    next_one.told("n-1")
    assert [u.case for u in next_one.untold()] == ["c-2"]
    live.close()
    next_one.close()


def test_only_the_first_word_on_an_outcome_counts(file: Path) -> None:
    """A late unknown does not overwrite what was seen to be done."""
    claims = Claims(file)
    claims.claim("n-1", "c-1", 1)
    claims.settle("n-1", ok=True)
    claims.settle("n-1", ok=None)
    assert [u.ok for u in claims.untold()] == [True]
    claims.close()


def test_a_file_that_cannot_be_written_is_said_at_once(tmp_path: Path) -> None:
    """No memory, no executor."""
    (tmp_path / "blocked").write_text("a file, not a folder")
    with pytest.raises(StoreDown, match="cannot be used"):
        Claims(tmp_path / "blocked" / "claims.db")
    (tmp_path / "garbage.db").write_bytes(b"this is no database at all" * 100)
    with pytest.raises(StoreDown):
        Claims(tmp_path / "garbage.db")
