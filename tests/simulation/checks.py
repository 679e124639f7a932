"""What must hold after every motion of the world. A broken invariant raises `Broken`, which ends the story."""

import json
from pathlib import Path

from flask import Flask

from integrator.domain.payout import DEAD, MOVES, PayoutState
from mock_gmo.app import world_of
from tests.simulation.baton import Actor
from tests.simulation.ledger import BankLedger, DatabaseView, Debited
from tests.simulation.network import Network
from tests.simulation.recore import ReCORE

FULL_LOOK_EVERY = 400  # motions between two searches for secrets


class Broken(AssertionError):
    """An invariant does not hold. The message says which, in the field's words."""


class Invariants:
    """All of them. `look` is cheap where nothing changed."""

    def __init__(
        self, bank_app: Flask, database: DatabaseView, network: Network, *, logs: list[str], folder: Path
    ) -> None:
        self.bank_app = bank_app
        self.ledger = BankLedger(bank_app)
        self.database = database
        self.network = network
        self.has_committed = False
        self.recore: ReCORE | None = None
        self._logs = logs
        self._folder = folder
        self._ever: dict[str, set[str]] = {}  # every state that was ever committed of a payout
        self._told_dead: dict[tuple[str, str], str] = {}  # (company, key) -> how it was told
        self._since_full = 0
        self._past_the_stop: set[Actor | None] | None = None  # of a stop: whose call had had its last look by then
        self._told_of: dict[str, int] = {}  # payout -> the last of its events that left
        self._wrong: str | None = None

    def look(self) -> None:
        """Check all that can have changed by one motion."""
        if self.network.limit_broken is not None:
            raise Broken(f"the limit was broken: {self.network.limit_broken}")
        if self._wrong is not None:
            raise Broken(self._wrong)
        if self.recore is not None and self.recore.broken_answers:
            raise Broken(f"the web broke: {self.recore.broken_answers[0]}")
        if self.has_committed:
            self.has_committed = False
            self._look_at_database()
        for line in self.ledger.read_on():
            self._look_at_line(line)
        self._since_full += 1
        if self._since_full >= FULL_LOOK_EVERY:
            self.look_at_all()

    def look_at_all(self) -> None:
        """Check what costs more: the whole books, the audit's chains, secrets in clear, states against histories."""
        self._since_full = 0
        if self.ledger.wrong_sums:
            raise Broken(f"a posting does not sum to zero: {self.ledger.wrong_sums[0]}")
        check = world_of(self.bank_app).bank.check_books()
        if check.sum_yen != 0 or check.differing:
            raise Broken(f"the books do not sum to zero: {check}")
        if broken := self.database.broken_chain():
            raise Broken(broken)
        if differing := self.database.states_that_differ():
            raise Broken(f"a state that its history does not know: {differing[0]}")
        self._search_for_secrets()

    def on_told(self, payout_id: str, state: str, source: str) -> None:
        """ReCORE was told this just now."""
        self._look_at_database()
        for line in self.ledger.read_on():
            self._look_at_line(line)
        if state not in self._ever.get(payout_id, set()):
            raise Broken(f"ReCORE was told {state} of {payout_id} by {source}, which no transaction has stored")
        order = self.database.key_of_payout[payout_id]
        is_latest = payout_id in self.database.orders and self.database.orders[payout_id].states[-1] == state
        away = self.away(order)
        if state == PayoutState.SETTLED and not self._was_ever_debited(order):
            raise Broken(f"ReCORE was told that {order[1]} is settled, and the bank never debited it")
        if PayoutState(state) in DEAD and is_latest:
            if away:
                raise Broken(f"ReCORE was told that {order[1]} is {state}, and its money is away")
            self._told_dead[order] = f"{state} by {source}"

    def on_order(self) -> None:
        """An order leaves for the bank just now."""
        actor, may_leave = self.network.baton.current, self._past_the_stop
        if may_leave is None or not self.database.is_all_stopped():
            return
        if actor not in may_leave:
            self._wrong = "an order left for the bank although all payouts had been stopped before its last look"
        may_leave.discard(actor)

    def on_event(self, body: bytes) -> None:
        """A callback leaves just now. What was sent before may leave again; nothing leaves before its turn."""
        event = json.loads(body)
        if "payout" not in event:
            return
        payout_id, sequence = event["payout"]["payout_id"], event["sequence"]
        last = self._told_of.get(payout_id, 0)
        if sequence > last + 1:
            self._wrong = f"event {sequence} of {payout_id} left, and the last that had left before is event {last}"
        self._told_of[payout_id] = max(last, sequence)

    def away(self, order: tuple[str, str]) -> int:
        """Return how many debits of an order have not come back."""
        return sum(
            line.away
            for mark, of in self.database.order_of_mark.items()
            if of == order
            for line in self.ledger.by_mark.get(mark, ())
        )

    def restored(self) -> None:
        """The database is an earlier one: what ReCORE was told since then is void, and it knows that."""
        self.database.begin_anew()
        self._told_dead.clear()
        self._look_at_database()

    def purged(self) -> None:
        """Rows of the file may have other numbers now."""
        self.database.begin_anew()
        self._look_at_database(is_new=False)

    def _was_ever_debited(self, order: tuple[str, str]) -> bool:
        return any(
            line.debits
            for mark, of in self.database.order_of_mark.items()
            if of == order
            for line in self.ledger.by_mark.get(mark, ())
        )

    def _look_at_database(self, *, is_new: bool = True) -> None:
        if not self.database.is_all_stopped():
            self._past_the_stop = None
        elif self._past_the_stop is None:
            self._past_the_stop = {each for each in self.network.baton.actors if each.stands_at == "bank.before"}
        for order, before, after in self.database.read_on():
            self._ever.setdefault(order.payout_id, set()).add(after)
            if before is None:
                if after != PayoutState.ACCEPTED:
                    raise Broken(f"{order.key} begins as {after}")
            elif before != after and PayoutState(after) not in MOVES[PayoutState(before)]:
                raise Broken(f"{order.key} went from {before} to {after}, which the table does not allow")

    def _look_at_line(self, line: Debited) -> None:
        order = self.database.order_of_mark.get(line.mark)
        if order is None:
            raise Broken(f"{line.amount_yen} yen were debited without a payout (application {line.apply_no})")
        away = self.away(order)
        replaced = self._replaced_by_or_in_place_of(order)
        if away and any(self.away(other) for other in replaced):
            raise Broken(f"{order[1]} was paid, and so was the order in whose place, or by which, it was paid")
        if away > 1 or line.debits > 1:
            raise Broken(f"{order[1]} was paid twice: {away} debits that were not given back")
        if away and order in self._told_dead:
            raise Broken(f"{order[1]} was debited, and ReCORE had been told that it is {self._told_dead[order]}")

    def _replaced_by_or_in_place_of(self, order: tuple[str, str]) -> list[tuple[str, str]]:
        if self.recore is None:
            return []
        found = self.recore.find(*order)
        beside = [] if found is None else [found.replaces, found.replaced_by]
        return [(other.company_id, other.key) for other in beside if other is not None]

    def _search_for_secrets(self) -> None:
        secrets = [secret for secret in self.network.secrets if len(secret) >= 12]
        if not secrets:
            raise Broken("a search for no secret proves nothing: the world was not set up")
        journal = "\n".join(map(repr, world_of(self.bank_app).journal.all()))
        texts = {"the log": "\n".join(self._logs).encode(), "the bank's journal": journal.encode()}
        for file in sorted(self._folder.glob("integrator.sqlite3*")):
            texts[f"the file {file.name}"] = file.read_bytes()
        for name, text in texts.items():
            for secret in secrets:
                if secret.encode() in text:
                    raise Broken(f"a secret stands in clear in {name}")
        self._logs.clear()
