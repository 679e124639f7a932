"""Whatever happens in a whole world, in any order and at any hour: every yen, limit and message is accounted for."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mock_gmo.bank.bank import Bank
from mock_gmo.bank.business_id import NotAnApprover
from mock_gmo.bank.days import civil_date
from mock_gmo.bank.deposits import Deposit
from mock_gmo.bank.postings import INTERNAL_LEDGERS
from mock_gmo.bank.refusals import BankRefusal, ImpossibleStep, VaTakesNoDeposits
from mock_gmo.bank.simulation import LINE_STEPS
from mock_gmo.bank.state import BankState
from mock_gmo.bank.states import PAID, PLANNED
from mock_gmo.bank.transfers import BulkMarks, OrderLine, TransferKind, TransferOrder
from mock_gmo.bank.virtual_accounts import VaOrder, VaTrigger, VaType
from tests.unit.gateway.calling import CLIENT_ID, REDIRECT_URI, TOKEN_URL, make_caller, token_form

CALLER = make_caller()
SECOND_CLIENT = {
    "client_id": "second", "client_secret": "second-secret", "name": "second", "networks": ["127.0.0.1/32"],
    "redirect_uris": [REDIRECT_URI], "scopes": ["private:virtual-account"], "requests_per_second": None,
}  # fmt: skip
HOUR, DAY = 3_600, 86_400
# Over a second, a settlement, a confirmation's deadline, midnight, a weekend, golden week, the end of a month.
SPANS = (1, 31, 11 * 60, 13 * HOUR, DAY, 3 * DAY, 29 * DAY)


def account_line(yen: int, bank_code: str, branch_code: str, number: str, **changes: Any) -> OrderLine:
    name = changes.pop("name", "ｻﾝﾌﾟﾙ ﾊﾅｺ")
    return OrderLine(None, yen, None, bank_code, branch_code, changes.get("account_type", "1"), number, name)


class WholeBankMachine(RuleBasedStateMachine):
    """One company in one world; after each step books, statements, limits and messages are asked what must hold."""

    @initialize(
        confirms=st.booleans(),
        approves=st.booleans(),
        clients=st.integers(0, 2),
        limit_yen=st.sampled_from([40_000, 5_000_000]),
    )
    def open(self, confirms: bool, approves: bool, clients: int, limit_yen: int) -> None:
        CALLER.control("POST", "/reset", {})
        self.world = CALLER.world
        self.customer_id = "corporate"
        self.payer, self.side = "101010012345", "101020067890"
        self.clients = clients
        self.world.bank.change_customer(
            "corporate", confirmation_required=confirms, business_id_management=approves,
            virtual_accounts_enabled=True, transfer_limit_yen={self.payer: limit_yen},
        )  # fmt: skip
        self._consent(clients)
        self.va_ids = [it.va_id for it in self.bank.virtual_accounts.issue(
            "corporate", VaOrder(VaType.LASTING, 2, account_id=self.side), at=self.world.tick(),
        )]  # fmt: skip
        self.sent: dict[str, TransferOrder] = {}

    def _consent(self, count: int) -> None:
        CALLER.control("POST", "/clients", SECOND_CLIENT)
        for client_id, secret in ((CLIENT_ID, None), ("second", "second-secret"))[:count]:
            CALLER.world.oauth.clients.change(client_id, requests_per_second=None)
            code = CALLER.control("POST", "/consents", {
                "client_id": client_id, "customer_id": "corporate", "scope": "private:virtual-account",
                "redirect_uri": REDIRECT_URI,
            }).json["code"]  # fmt: skip
            form = {"client_id": client_id, **({"client_secret": secret} if secret else {})}
            assert CALLER.client.post(TOKEN_URL, data=token_form(code=code, **form)).status_code == 200

    @property
    def bank(self) -> Bank:
        return self.world.bank

    def line(self, kind: int, yen: int) -> OrderLine:
        """Return a line to a listed beneficiary, whatever it does, or to an own, virtual, or unlisted account."""
        listed = self.bank.outside.beneficiaries()
        if kind < len(listed):
            it = listed[kind]
            place = account_line(yen, it.bank_code, it.branch_code, it.account_number, name=it.name_kana)
            return replace(place, account_type=it.account_type)
        others = [
            account_line(yen, "0310", "101", self.side[5:]),
            *(account_line(yen, "0310", va_id[:3], va_id[3:]) for va_id in self.va_ids),
            account_line(yen, "0398", "111", "7654321"),
        ]
        return others[kind % len(others)]

    @rule(yen=st.integers(1, 30_000), place=st.integers(0, 3))
    def money_arrives(self, yen: int, place: int) -> None:
        at, deposit = self.world.tick(), Deposit(yen, "ﾐﾎﾝ")
        try:
            if place < 2:
                self.bank.virtual_accounts.deposit(self.va_ids[place], deposit, at=at)
            else:
                account_id = (self.payer, self.side)[place - 2]
                self.bank.outside.deposit(account_id, amount_yen=yen, remitter_name="ﾐﾎﾝ", at=at)
        except VaTakesNoDeposits:
            assert place < 2, "only a virtual account may be stopped"

    @rule(
        kinds=st.lists(st.integers(0, 19), min_size=1, max_size=4),
        yen=st.sampled_from([1, 9_000, 30_000, 4_000_000]),
        days_ahead=st.sampled_from([0, 0, 1, 4, 28]),
        is_bulk=st.booleans(),
    )
    def order(self, kinds: list[int], yen: int, days_ahead: int, is_bulk: bool) -> None:
        at = self.world.tick()
        lines = tuple(
            replace(self.line(kind, yen + n), item_id=str(n), marks=BulkMarks() if is_bulk else None)
            for n, kind in enumerate(kinds, start=1)
        )
        order = TransferOrder(
            self.payer, None, civil_date(at) + timedelta(days=days_ahead), None, len(lines),
            sum(line.amount_yen for line in lines), None, lines,
            kind=TransferKind.BULK if is_bulk else TransferKind.SINGLE,
        )  # fmt: skip
        try:
            result = self.bank.request_transfer(self.customer_id, order, key=None, at=at)
        except BankRefusal:
            return
        assert result.apply_no not in self.sent
        self.sent[result.apply_no] = order

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), cancel_class=st.sampled_from(["1", "2", "3", "4"]))
    def cancel(self, data: st.DataObject, cancel_class: str) -> None:
        apply_no = data.draw(st.sampled_from(sorted(self.sent)))
        kind = self.sent[apply_no].kind
        try:
            self.bank.cancel_transfer(
                self.customer_id, self.payer, apply_no, cancel_class, kind=kind, at=self.world.tick()
            )
        except BankRefusal:
            return

    @precondition(lambda self: any(self.bank.outside.possible_steps(apply_no) for apply_no in self.sent))
    @rule(data=st.data())
    def step(self, data: st.DataObject) -> None:
        at = self.world.tick()
        movable = [apply_no for apply_no in sorted(self.sent) if self.bank.outside.possible_steps(apply_no)]
        if not movable:
            return
        apply_no = data.draw(st.sampled_from(movable))
        chosen = data.draw(st.sampled_from(self.bank.outside.possible_steps(apply_no)))
        item_id = data.draw(st.sampled_from([None, "1", "2"]))
        named = {"item_id": item_id} if item_id and chosen in LINE_STEPS else {}
        try:
            getattr(self.bank.outside, chosen.replace("-", "_"))(apply_no, at=at, **named)
        except (ImpossibleStep, NotAnApprover):
            return

    @rule(place=st.integers(0, 1), trigger=st.sampled_from([VaTrigger.STOP, VaTrigger.RESUME]))
    def change_virtual_account(self, place: int, trigger: VaTrigger) -> None:
        try:
            self.bank.virtual_accounts.change("corporate", (self.va_ids[place],), trigger, at=self.world.tick())
        except BankRefusal:
            return

    @rule(confirms=st.booleans(), approves=st.booleans())
    def change_mind(self, confirms: bool, approves: bool) -> None:
        self.bank.change_customer("corporate", confirmation_required=confirms, business_id_management=approves)

    @rule(seconds=st.sampled_from(SPANS))
    def pass_time(self, seconds: int) -> None:
        self.world.clock.advance(seconds)
        events = self.world.settle()
        assert [event.at for event in events] == sorted(event.at for event in events)

    @invariant()
    def every_yen_is_there_and_nobody_owes(self) -> None:
        check = self.bank.check_books()
        assert check.sum_yen == 0
        assert check.differing == ()
        assert min(yen for name, yen in check.balances.items() if name not in INTERNAL_LEDGERS) >= 0

    @invariant()
    def every_debit_is_one_line_of_one_order(self) -> None:
        payments = self.bank.payments()
        named = [(it.apply_no, it.item_id) for it in payments]
        assert len(set(named)) == len(named)
        for it in payments:
            line = next(line for line in self.sent[it.apply_no].lines if line.item_id == it.item_id)
            assert it.amount_yen == line.amount_yen
            assert it.came_back_yen in (0, it.amount_yen)

    @invariant()
    def statements_tell_the_balances_and_the_payments(self) -> None:
        at = self.world.tick()
        for account_id in (self.payer, self.side):
            lines = self.bank.statement("corporate", account_id, date_from=None, date_to=None, at=at).lines
            balance = self.bank.balance_of(account_id, at=at).balance_yen
            entries = self.bank.look(lambda state, _, account_id=account_id: _amounts(state, account_id))
            assert sum(entries) == balance
            today = civil_date(at)
            told = Counter(line.amount_yen for line in lines if line.transaction_type == "2")
            paid = Counter(
                it.amount_yen for it in self.bank.payments()
                if it.account_id == account_id and civil_date(it.debited_at) == today
            )  # fmt: skip
            assert all(told[yen] >= count for yen, count in paid.items())

    @invariant()
    def limits_used_are_what_the_lines_say(self) -> None:
        def agree(state: BankState, _: object) -> None:
            planned: Counter[Any] = Counter()
            paid: Counter[Any] = Counter()
            for application in state.applications.values():
                place = (application.account_id, application.designated_date)
                for line in application.lines:
                    planned[place] += line.counted_yen if line.status in PLANNED else 0
                    paid[place] += line.counted_yen if line.status in PAID else 0
            assert +state.limits.planned == +planned
            assert +state.limits.paid == +paid

        self.bank.look(agree)

    @invariant()
    def every_client_with_a_consent_is_told_of_every_deposit_once(self) -> None:
        self.world.tick()
        deposits = self.bank.look(
            lambda state, _: [it for found in state.virtual.deposits_of_va.values() for it in found]
        )
        told = Counter((it.client_id, it.deposit.line.item_key) for it in self.world.notifications.messages())
        assert len(told) == len(deposits) * self.clients
        assert set(told.values()) <= {1}


def _amounts(state: BankState, account_id: str) -> list[int]:
    return [leg.amount_yen for entry in state.books.entries() for leg in entry.legs if leg.ledger == account_id]


WholeBankMachine.TestCase.settings = settings(max_examples=15, stateful_step_count=25)
TestWholeBank = WholeBankMachine.TestCase
