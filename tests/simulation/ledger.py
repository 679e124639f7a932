"""What the bank truly did, read from its books posting by posting, and what stands in the integrator's database.

Both are read on from where the last look ended, so that a look after every motion costs little.
"""

import json
import sqlite3
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask

from integrator.domain.audit import FIRST_HASH
from mock_gmo.app import world_of
from mock_gmo.bank.postings import BookEntry, PostingKind

_BACK = frozenset({PostingKind.TRANSFER_BACK, PostingKind.FUNDS_RETURNED, PostingKind.RECALLED})


@dataclass
class Debited:
    """One line at the bank: how often its amount was debited, and how often it came back."""

    mark: str
    apply_no: str
    amount_yen: int
    debits: int = 0
    backs: int = 0

    @property
    def away(self) -> int:
        """How many debits have not come back."""
        return self.debits - self.backs


class BankLedger:
    """Every debit, by the line that it belongs to."""

    def __init__(self, bank_app: Flask) -> None:
        self._bank = bank_app
        self._read = world_of(bank_app).bank.look(lambda state, _events: state.books.postings_count)
        self.lines: dict[tuple[str, str], Debited] = {}
        self.by_mark: defaultdict[str, list[Debited]] = defaultdict(list)
        self.wrong_sums: list[BookEntry] = []

    def read_on(self) -> list[Debited]:
        """Read the postings since the last look; return the lines of which something changed."""
        bank = world_of(self._bank).bank
        if bank.look(lambda state, _events: state.books.postings_count) == self._read:
            return []
        entries, marks = bank.look(
            lambda state, _events: (
                list(state.books.entries(self._read)),
                {
                    entry.reference: state.applications.get(entry.reference.apply_no)
                    for entry in state.books.entries(self._read)
                    if entry.reference is not None
                },
            )
        )
        self._read += len(entries)
        changed = []
        for entry in entries:
            if sum(leg.amount_yen for leg in entry.legs) != 0:
                self.wrong_sums.append(entry)
            if entry.reference is None or (entry.kind is not PostingKind.TRANSFER and entry.kind not in _BACK):
                continue
            key = (entry.reference.apply_no, entry.reference.item_id)
            if key not in self.lines:
                application = marks[entry.reference]
                assert application is not None, "a posting of a transfer names its application"
                line = application.line(entry.reference.item_id)
                self.lines[key] = Debited(line.edi_info or "", entry.reference.apply_no, line.amount_yen)
                self.by_mark[line.edi_info or ""].append(self.lines[key])
            found = self.lines[key]
            if entry.kind is PostingKind.TRANSFER:
                found.debits += 1
            else:
                found.backs += 1
            changed.append(found)
        return changed


@dataclass
class OrderRow:
    """A payout as the database has it."""

    payout_id: str
    company_id: str
    key: str
    amount_yen: int
    replaces: str | None
    states: list[str] = field(default_factory=list)


class DatabaseView:
    """The integrator's tables as they are committed, beside every process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.orders: dict[str, OrderRow] = {}
        self.order_of_mark: dict[str, tuple[str, str]] = {}
        self.key_of_payout: dict[str, tuple[str, str]] = {}
        self.chain_heads: dict[str, tuple[int, str]] = {}
        self._open()

    def _open(self) -> None:
        self._connection = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, isolation_level=None)
        self._version: int | None = None
        self._seen = dict.fromkeys(("payouts", "payout_history", "submission_lines"), 0)

    def has_changed(self) -> bool:
        """Whether a transaction that wrote something was committed since this was asked last."""
        before, (self._version,) = self._version, self._connection.execute("PRAGMA data_version").fetchone()
        return before != self._version

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()

    def write_copy(self, path: Path) -> None:
        """Write the database as it is committed into another file, as a backup does."""
        copy = sqlite3.connect(path)
        self._connection.backup(copy)
        copy.close()

    def begin_anew(self) -> None:
        """The file is another one, or its rows have other numbers: read everything again. Marks are never forgotten."""
        self.close()
        self.orders.clear()
        self.chain_heads.clear()
        self._open()

    def rows(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Return what a reading statement finds."""
        return self._connection.execute(statement, values).fetchall()

    def read_on(self) -> list[tuple[OrderRow, str | None, str]]:
        """Read what was committed since the last look; return each step of a payout: (payout, before, after)."""
        for rowid, payout_id, company_id, key, amount, replaces in self._after(
            "payouts", "payout_id, company_id, idempotency_key, amount_yen, replaces"
        ):
            self.orders[payout_id] = OrderRow(payout_id, company_id, key, amount, replaces)
            self.key_of_payout[payout_id] = (company_id, key)
            self._seen["payouts"] = rowid
        for rowid, payout_id, mark in self._after("submission_lines", "payout_id, mark"):
            order = self.orders[payout_id]
            self.order_of_mark[mark] = (order.company_id, order.key)
            self._seen["submission_lines"] = rowid
        steps: list[tuple[OrderRow, str | None, str]] = []
        for rowid, payout_id, state in self._after("payout_history", "payout_id, state"):
            order = self.orders[payout_id]
            steps.append((order, order.states[-1] if order.states else None, state))
            order.states.append(state)
            self._seen["payout_history"] = rowid
        return steps

    def _after(self, table: str, columns: str) -> list[tuple[int, *tuple[str, ...]]]:  # type: ignore[valid-type]
        statement = f"SELECT rowid, {columns} FROM {table} WHERE rowid > ? ORDER BY rowid"  # noqa: S608  (fixed names)
        return self._connection.execute(statement, (self._seen[table],)).fetchall()

    def states_that_differ(self) -> list[tuple[object, ...]]:
        """Return payouts whose state is not the last one of their history."""
        return self.rows(
            "SELECT p.payout_id, p.state, h.state FROM payouts p JOIN payout_history h ON h.payout_id = p.payout_id"
            " AND h.sequence = (SELECT max(sequence) FROM payout_history WHERE payout_id = p.payout_id)"
            " WHERE p.state <> h.state"
        )

    def broken_chain(self) -> str | None:
        """Check the audit's rows that were chained since the last look; return what is broken, if anything is."""
        for (chain,) in self.rows("SELECT chain FROM audit_heads"):
            number, head = self.chain_heads.get(str(chain), (0, FIRST_HASH))
            for found, previous, own in self.rows(
                "SELECT number, previous_hash, hash FROM audit_rows WHERE chain = ? AND number > ? ORDER BY number",
                chain,
                number,
            ):
                if found != number + 1 or previous != head:
                    return f"the audit's chain {chain} breaks at row {found}"
                number, head = number + 1, str(own)
            self.chain_heads[str(chain)] = (number, head)
        return None

    def in_flight(self) -> set[str]:
        """Return the payouts whose order is being sent for the first time just now."""
        found = self.rows(
            "SELECT l.payout_id FROM submission_lines l JOIN submissions s ON s.submission_id = l.submission_id"
            " WHERE s.state = 'sending'"
        )
        return {str(payout_id) for (payout_id,) in found}

    def last_events(self) -> dict[str, int]:
        """Return the number of the last event of each payout."""
        found = self.rows("SELECT payout_id, max(sequence) FROM events WHERE payout_id IS NOT NULL GROUP BY payout_id")
        return {str(payout_id): int(str(last)) for payout_id, last in found}

    def is_all_stopped(self) -> bool:
        """Whether somebody stopped the payouts of every company."""
        return bool(self.rows("SELECT 1 FROM payout_stops WHERE scope = '*' LIMIT 1"))

    def unknown_orders(self) -> set[str]:
        """Return the marks of orders at the bank of which a person was told that nobody here knows them."""
        found = self.rows("SELECT facts FROM differences WHERE kind = 'unknown_order'")
        return {str(json.loads(str(facts))["mark"]) for (facts,) in found}

    def person_problems(self) -> dict[str, str | None]:
        """Return the reason of each payout that waits for a person."""
        found = self.rows("SELECT payout_id, problem FROM payouts WHERE state = 'needs_person'")
        return {
            str(payout_id): None if problem is None else str(json.loads(str(problem)).get("type")).rsplit(":", 1)[-1]
            for payout_id, problem in found
        }
