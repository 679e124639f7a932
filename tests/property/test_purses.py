"""Whatever a person moves, receives and pays: purses are never below nothing, and together they are the account."""

from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mock_gmo.bank.bank import Bank
from mock_gmo.bank.days import civil_date
from mock_gmo.bank.refusals import BankRefusal, ImpossibleStep
from mock_gmo.bank.simulation import Step
from mock_gmo.bank.statements import StatementQuery
from tests.unit.bank.building import NOON, make_line, to_neighbour
from tests.unit.bank.purses import (
    MAIN,
    MAIN_YEN,
    PARENT,
    PERSON,
    SAVINGS,
    SAVINGS_YEN,
    TRAVEL,
    make_persons_bank,
    pay,
    purse_foreign,
    purse_yen,
    shift,
)

PURSES = (PARENT, SAVINGS, TRAVEL)
CENTS_IN_ALL = 350_480


class PursesMachine(RuleBasedStateMachine):
    """Children hold what was moved; the parent holds the rest of an account that lives its own life."""

    @initialize()
    def open(self) -> None:
        self.bank: Bank = make_persons_bank()
        self.at: datetime = NOON
        self.children = {SAVINGS: SAVINGS_YEN, TRAVEL: 0}
        self.sent: list[str] = []

    @rule(debit=st.sampled_from(PURSES), deposit=st.sampled_from(PURSES), yen=st.integers(0, 2 * MAIN_YEN))
    def move(self, debit: str, deposit: str, yen: int) -> None:
        has_enough = purse_yen(self.bank)[debit] >= yen
        try:
            shift(self.bank, debit, deposit, str(yen), at=self.at)
        except BankRefusal:
            assert debit == deposit or not has_enough or yen == 0
            return
        assert has_enough
        for purse, change in ((debit, -yen), (deposit, yen)):
            if purse in self.children:
                self.children[purse] += change

    @rule(debit=st.sampled_from(PURSES), deposit=st.sampled_from(PURSES), cents=st.integers(1, CENTS_IN_ALL // 10))
    def move_dollars(self, debit: str, deposit: str, cents: int) -> None:
        try:
            shift(self.bank, debit, deposit, f"{cents // 100}.{cents % 100:02}", at=self.at, currency="USD")
        except BankRefusal:
            return

    @rule(yen=st.integers(1, 50_000))
    def arrive(self, yen: int) -> None:
        self.bank.outside.deposit(MAIN, amount_yen=yen, remitter_name="ﾐﾎﾝ", at=self.at)

    @rule(
        line=st.sampled_from((make_line, to_neighbour)),
        yen=st.integers(1, MAIN_YEN),
        days_ahead=st.sampled_from([0, 1]),
    )
    def pay_out(self, line, yen: int, days_ahead: int) -> None:
        day = civil_date(self.at) + timedelta(days=days_ahead)
        try:
            self.sent.append(pay(self.bank, line(amount_yen=yen), at=self.at, designated_date=day).apply_no)
        except BankRefusal:
            return

    @rule(step=st.sampled_from([Step.FAIL, Step.RETURN_FUNDS, Step.RECALL, Step.RECALL_AGREE]))
    def get_back(self, step: Step) -> None:
        for apply_no in self.sent[-2:]:
            try:
                getattr(self.bank.outside, step.replace("-", "_"))(apply_no, at=self.at)
            except ImpossibleStep:
                continue

    @rule(seconds=st.sampled_from([1, 30, 10_800, 21 * 3_600]))
    def pass_time(self, seconds: int) -> None:
        self.at += timedelta(seconds=seconds)
        self.bank.tick(at=self.at)

    @invariant()
    def purses_are_the_account(self) -> None:
        held = purse_yen(self.bank, at=self.at)
        balance = self.bank.balance_of(MAIN, at=self.at)
        assert sum(held.values()) == balance.balance_yen
        assert held[PARENT] == balance.withdrawable_yen
        assert {purse: held[purse] for purse in self.children} == self.children
        assert min(held.values()) >= 0

    @invariant()
    def no_cent_is_lost(self) -> None:
        held = [figures.get("USD", 0) for figures in purse_foreign(self.bank, at=self.at).values()]
        assert sum(held) == CENTS_IN_ALL
        assert min(held) >= 0

    @invariant()
    def books_and_statements_agree(self) -> None:
        check = self.bank.check_books()
        assert (check.sum_yen, check.differing) == (0, ())
        for purse, yen in purse_yen(self.bank, at=self.at).items():
            query = StatementQuery(purse, date_to=civil_date(self.at))
            lines = self.bank.sp_accounts.statement(PERSON, query, at=self.at).lines
            signed = [line.amount_yen if line.transaction_type == "1" else -line.amount_yen for line in lines]
            assert sum(signed) == yen
            assert [line.balance_yen for line in lines] == [sum(signed[: n + 1]) for n in range(len(signed))]


TestPurses = PursesMachine.TestCase
