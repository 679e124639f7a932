"""Any order of orders, steps and time agrees with a plain account of who owes what: the books never lose a yen."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mock_gmo.bank.bank import Bank
from mock_gmo.bank.days import civil_date
from mock_gmo.bank.inquiry import StatusQuery
from mock_gmo.bank.postings import FEES, OUTSIDE, SETTLEMENT
from mock_gmo.bank.refusals import BankRefusal, ImpossibleStep
from mock_gmo.bank.simulation import LINE_STEPS, Step
from mock_gmo.bank.transfers import IdempotencyKey, OrderLine, TransferOrder
from tests.unit.bank.building import (
    COMPANY,
    FEE_YEN,
    NEIGHBOUR_ACCOUNT,
    NOON,
    OPENING_YEN,
    PAYER,
    RECALL_FEE_YEN,
    SIDE_ACCOUNT,
    make_bank,
    make_line,
    make_order,
    to_neighbour,
    to_side_account,
)

LINES_OF_A_TRANSFER = (make_line, to_neighbour, to_side_account)
ENDS = {make_line: OUTSIDE, to_neighbour: NEIGHBOUR_ACCOUNT, to_side_account: SIDE_ACCOUNT}
# What a line has cost the payer, by its state and whether it went to another bank: (of the amount, of the fee).
PAID, BACK, FREE = (1, 1), (0, 1), (0, 0)
COST: dict[str | None, tuple[int, int]] = {
    **dict.fromkeys(("2", "3", "4", "5", "8", "11", "13", "40", None), FREE),
    **dict.fromkeys(("12", "20", "24", "26"), PAID),
    **dict.fromkeys(("22", "25"), BACK),
}


@dataclass(frozen=True)
class Sent:
    """A request as the model remembers it: where each line's money ends."""

    order: TransferOrder
    ends: tuple[str, ...]


class BooksMachine(RuleBasedStateMachine):
    """Balances are what came in, less what each line costs in the state that the bank tells of."""

    @initialize(confirmation=st.booleans(), business_id=st.booleans(), limit_yen=st.sampled_from([150_000, 5_000_000]))
    def open(self, confirmation: bool, business_id: bool, limit_yen: int) -> None:
        self.bank: Bank = make_bank(
            confirmation=confirmation, business_id=business_id, opening_yen=OPENING_YEN // 10, limit_yen=limit_yen
        )
        self.at: datetime = NOON
        self.came_in = Counter({PAYER: OPENING_YEN // 10})
        self.sent: dict[str, Sent] = {}
        self.replies: dict[IdempotencyKey, tuple[TransferOrder, str]] = {}
        self.recall_count = 0

    @rule(yen=st.integers(1, 50_000), account_id=st.sampled_from([PAYER, SIDE_ACCOUNT]))
    def deposit(self, yen: int, account_id: str) -> None:
        self.bank.outside.deposit(account_id, amount_yen=yen, remitter_name="ﾐﾎﾝ", at=self.at)
        self.came_in[account_id] += yen

    @rule(
        kinds=st.lists(st.sampled_from(LINES_OF_A_TRANSFER), min_size=1, max_size=3),
        yen=st.sampled_from([1, 9_000, 45_000]),
        days_ahead=st.sampled_from([0, 1, 1, 2]),
        key=st.sampled_from([None, "A", "B"]),
    )
    def request(self, kinds: list[Callable[..., OrderLine]], yen: int, days_ahead: int, key: str | None) -> None:
        lines: list[OrderLine] = [kind(amount_yen=yen + place) for place, kind in enumerate(kinds)]
        order = make_order(*lines, designated_date=civil_date(self.at) + timedelta(days=days_ahead))
        scoped = IdempotencyKey("client", COMPANY, key) if key else None
        try:
            result = self.bank.request_transfer(COMPANY, order, key=scoped, at=self.at)
        except BankRefusal:
            return
        if result.apply_no in self.sent:
            assert scoped is not None
            assert self.replies[scoped] == (order, result.apply_no)
            return
        self.sent[result.apply_no] = Sent(order, tuple(ENDS[kind] for kind in kinds))
        if scoped:
            self.replies[scoped] = (order, result.apply_no)

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), cancel_class=st.sampled_from(["1", "2"]))
    def cancel(self, data: st.DataObject, cancel_class: str) -> None:
        apply_no = data.draw(st.sampled_from(sorted(self.sent)))
        try:
            self.bank.cancel_transfer(COMPANY, PAYER, apply_no, cancel_class, at=self.at)
        except BankRefusal:
            return

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), step=st.sampled_from(Step), item_id=st.sampled_from([None, None, "1", "2"]))
    def take_step(self, data: st.DataObject, step: Step, item_id: str | None) -> None:
        self.try_step(data.draw(st.sampled_from(sorted(self.sent))), step, item_id)

    @precondition(lambda self: any(self.bank.outside.possible_steps(apply_no) for apply_no in self.sent))
    @rule(data=st.data(), item_id=st.sampled_from([None, None, "1", "2"]))
    def take_possible_step(self, data: st.DataObject, item_id: str | None) -> None:
        movable = [apply_no for apply_no in sorted(self.sent) if self.bank.outside.possible_steps(apply_no)]
        apply_no = data.draw(st.sampled_from(movable))
        self.try_step(apply_no, data.draw(st.sampled_from(self.bank.outside.possible_steps(apply_no))), item_id)

    def try_step(self, apply_no: str, step: Step, item_id: str | None) -> None:
        named = {"item_id": item_id} if item_id and step in LINE_STEPS else {}
        try:
            events = getattr(self.bank.outside, step.replace("-", "_"))(apply_no, at=self.at, **named)
        except ImpossibleStep:
            assert named or step not in self.bank.outside.possible_steps(apply_no)
            return
        if step is Step.RECALL:
            self.recall_count += len(events)

    @rule(seconds=st.sampled_from([1, 30, 600, 10_800, 21 * 3_600]))
    def pass_time(self, seconds: int) -> None:
        self.at += timedelta(seconds=seconds)
        events = self.bank.tick(at=self.at)
        assert [event.at for event in events] == sorted(event.at for event in events)
        assert all(event.at <= self.at for event in events)

    @invariant()
    def every_yen_is_where_the_states_say(self) -> None:
        expected = self.came_in.copy()
        expected[OUTSIDE] -= sum(self.came_in.values())
        expected[PAYER] -= self.recall_count * RECALL_FEE_YEN
        expected[FEES] += self.recall_count * RECALL_FEE_YEN
        for apply_no, sent in self.sent.items():
            states = self.states(apply_no) or [None] * len(sent.ends)
            for state, line, end in zip(states, sent.order.lines, sent.ends, strict=True):
                of_amount, of_fee = COST[state]
                fee_yen = of_fee * FEE_YEN if end == OUTSIDE else 0
                expected[PAYER] -= of_amount * line.amount_yen + fee_yen
                expected[SETTLEMENT if state == "12" else end] += of_amount * line.amount_yen
                expected[FEES] += fee_yen
        check = self.bank.check_books()
        assert check.sum_yen == 0
        assert check.differing == ()
        assert {name: yen for name, yen in check.balances.items() if yen} == {n: y for n, y in expected.items() if y}
        assert min(check.balances[account] for account in (PAYER, SIDE_ACCOUNT, NEIGHBOUR_ACCOUNT)) >= 0

    @invariant()
    def every_line_is_debited_once_at_most(self) -> None:
        paid = Counter((payment.apply_no, payment.item_id) for payment in self.bank.payments())
        assert not [line for line, count in paid.items() if count > 1]
        assert all(apply_no in self.sent for apply_no, _ in paid)

    @invariant()
    def the_statement_tells_the_balance(self) -> None:
        lines = self.bank.statement(COMPANY, PAYER, date_to=civil_date(self.at), at=self.at).lines
        signed = [line.amount_yen if line.transaction_type == "1" else -line.amount_yen for line in lines]
        assert sum(signed) == lines[-1].balance_yen == self.bank.balance_of(PAYER, at=self.at).balance_yen
        keys = [line.item_key for line in lines]
        assert keys == sorted(set(keys))

    def states(self, apply_no: str) -> list[str | None]:
        items = self.bank.transfer_status(COMPANY, StatusQuery(PAYER, "1", apply_no), at=self.at).items
        return [item.line.status.code for item in items]


TestBooks = BooksMachine.TestCase
