# SPDX-License-Identifier: Apache-2.0
"""The office's books: outbox, payments, balance and audit log in one SQLite file.

It knows nothing of Gyges: whoever can call it can spend the money, which is why there is a gate before it.
"""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

OPENING = 2_000_000  # cents in the account at the start
_SCHEMA = """
CREATE TABLE IF NOT EXISTS account (balance INTEGER NOT NULL, audit INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS outbox (id INTEGER PRIMARY KEY, recipient TEXT, subject TEXT, body TEXT);
CREATE TABLE IF NOT EXISTS payments (id INTEGER PRIMARY KEY, payee TEXT, cents INTEGER, reference TEXT);
CREATE TABLE IF NOT EXISTS audit (id INTEGER PRIMARY KEY, line TEXT);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail that went out."""

    recipient: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One payment that went out."""

    payee: str
    cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """All that happened in the office."""

    mails: tuple[Mail, ...]
    payments: tuple[Payment, ...]
    balance: int  # cents
    audit_on: bool


class Books:
    """The books in one file. Each method is one transaction."""

    def __init__(self, file: Path) -> None:
        """Open the file, and begin it if it is new."""
        self._file = file
        with self._open() as db:
            db.executescript(_SCHEMA)
            if not db.execute("SELECT 1 FROM account").fetchone():
                db.execute("INSERT INTO account VALUES (?, 1)", (OPENING,))

    def send(self, recipient: str, subject: str, body: str) -> int:
        """Put a mail into the outbox; return its number."""
        with self._open() as db:
            row = db.execute(
                "INSERT INTO outbox (recipient, subject, body) VALUES (?, ?, ?)",
                (recipient, subject, body),
            )
            self._note(db, f"mail to {recipient}")
            return row.lastrowid or 0

    def pay(self, payee: str, amount: float, reference: str) -> int:
        """Pay; return the number of the payment. Raise `ValueError` for what cannot be paid."""
        cents = int((Decimal(str(amount)) * 100).to_integral_value())
        with self._open() as db:
            (balance,) = db.execute("SELECT balance FROM account").fetchone()
            if not 0 < cents <= balance:
                raise ValueError(f"{amount} cannot be paid from a balance of {balance / 100:.2f}")
            db.execute("UPDATE account SET balance = balance - ?", (cents,))
            row = db.execute(
                "INSERT INTO payments (payee, cents, reference) VALUES (?, ?, ?)",
                (payee, cents, reference),
            )
            self._note(db, f"paid {cents} cents to {payee}")
            return row.lastrowid or 0

    def set_audit(self, on: bool) -> None:
        """Switch the office's own audit log on or off."""
        with self._open() as db:
            db.execute("UPDATE account SET audit = ?", (int(on),))

    def state(self) -> State:
        """Everything, read at one moment."""
        with self._open() as db:
            mails = db.execute("SELECT recipient, subject FROM outbox ORDER BY id").fetchall()
            paid = db.execute("SELECT payee, cents FROM payments ORDER BY id").fetchall()
            balance, audit = db.execute("SELECT balance, audit FROM account").fetchone()
        return State(
            mails=tuple(Mail(recipient=r, subject=s) for r, s in mails),
            payments=tuple(Payment(payee=p, cents=c) for p, c in paid),
            balance=balance,
            audit_on=bool(audit),
        )

    def _note(self, db: sqlite3.Connection, line: str) -> None:
        db.execute("INSERT INTO audit (line) SELECT ? FROM account WHERE audit = 1", (line,))

    @contextmanager
    def _open(self) -> Generator[sqlite3.Connection]:
        db = sqlite3.connect(self._file, timeout=10)
        try:
            with db:
                yield db
        finally:
            db.close()
