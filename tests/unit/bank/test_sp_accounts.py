"""つかいわけ口座: purses are the main account, cut up. What they hold, what moves them, what is refused."""

from datetime import date

import pytest

from mock_gmo.bank.refusals import (
    AccountNotUsable,
    InsufficientFunds,
    NextItemKeyUnknown,
    SpAccountNotUsable,
    SpAccountsSame,
    SpAmountUnusable,
    SpCurrencyUnknown,
)
from mock_gmo.bank.sp_accounts import SpAccount, SpPlace, SpShares, child_of, parent_of
from mock_gmo.bank.statements import StatementQuery
from tests.unit.bank.building import (
    COMPANY,
    NEIGHBOUR_ACCOUNT,
    NOON,
    OPENED,
    TODAY,
    TOMORROW,
    balance,
    jst,
    make_account,
    make_line,
    make_order,
    to_neighbour,
)
from tests.unit.bank.fingerprint import fingerprint
from tests.unit.bank.purses import (
    MAIN,
    MAIN_ACCOUNT,
    PARENT,
    PERSON,
    SAVINGS,
    SAVINGS_PLACE,
    TRAVEL,
    make_persons_bank,
    pay,
    purse_foreign,
    purse_yen,
    shift,
)

START = {PARENT: 70_000, SAVINGS: 30_000, TRAVEL: 0}
PERIOD = {"date_from": date(2026, 1, 1), "date_to": TOMORROW}


def lines_of(bank, purse, **query):
    return bank.sp_accounts.statement(PERSON, StatementQuery(purse, **PERIOD | query), at=NOON).lines


def test_the_parent_comes_first_and_holds_what_the_children_do_not():
    bank = make_persons_bank()

    assert [account.account_id for account in bank.sp_accounts.accounts_of(PERSON)] == [PARENT, SAVINGS, TRAVEL]
    parent, savings, travel = bank.sp_accounts.balances(PERSON, at=NOON)
    assert purse_yen(bank) == START
    assert sum(START.values()) == balance(bank, MAIN)
    assert (parent.time_deposits_yen, savings.time_deposits_yen, travel.time_deposits_yen) == (500_000, 1_000_000, 0)
    assert purse_foreign(bank) == {PARENT: {"USD": 250_230}, SAVINGS: {"USD": 100_250}, TRAVEL: {}}
    assert (savings.foreign_worth_yen, travel.foreign, travel.rate_as_of) == (11_077, (), None)
    assert savings.rate_as_of == jst(10)


def test_a_holder_without_purses_has_none_and_foreign_ones_are_not_told():
    bank = make_persons_bank()

    assert bank.sp_accounts.accounts_of(COMPANY) == []
    assert bank.sp_accounts.balances(COMPANY, at=NOON) == []
    for inquire in (
        lambda: bank.sp_accounts.balances(COMPANY, PARENT, at=NOON),
        lambda: bank.sp_accounts.statement(COMPANY, StatementQuery(SAVINGS), at=NOON),
        lambda: bank.sp_accounts.balances(PERSON, MAIN, at=NOON),
    ):
        with pytest.raises(SpAccountNotUsable):
            inquire()


@pytest.mark.parametrize(
    ("debit", "deposit", "after"),
    [
        (PARENT, SAVINGS, {PARENT: 65_000, SAVINGS: 35_000, TRAVEL: 0}),
        (SAVINGS, PARENT, {PARENT: 75_000, SAVINGS: 25_000, TRAVEL: 0}),
        (SAVINGS, TRAVEL, {PARENT: 70_000, SAVINGS: 25_000, TRAVEL: 5_000}),
    ],
)
def test_a_move_changes_two_purses_and_never_the_account(debit, deposit, after):
    bank = make_persons_bank()
    before = bank.statement(PERSON, MAIN, **PERIOD, at=NOON)

    done = shift(bank, debit, deposit)

    assert (done.accepted_at, done.order.amount) == (NOON, "5000")
    assert purse_yen(bank) == after
    assert balance(bank, MAIN) == 100_000
    assert bank.statement(PERSON, MAIN, **PERIOD, at=NOON) == before
    assert bank.check_books().sum_yen == 0
    assert bank.check_books().differing == ()


@pytest.mark.parametrize(
    ("debit", "deposit", "thousandths"),
    [
        (PARENT, TRAVEL, {PARENT: 250_230 - 10, SAVINGS: 100_250, TRAVEL: 10}),
        (SAVINGS, PARENT, {PARENT: 250_230 + 10, SAVINGS: 100_250 - 10, TRAVEL: 0}),
        (SAVINGS, TRAVEL, {PARENT: 250_230, SAVINGS: 100_250 - 10, TRAVEL: 10}),
    ],
)
def test_foreign_money_moves_by_its_minor_unit_and_none_is_lost(debit, deposit, thousandths):
    bank = make_persons_bank()

    shift(bank, debit, deposit, "0.01", currency="USD")

    held = {purse: figures.get("USD", 0) for purse, figures in purse_foreign(bank).items()}
    assert held == thousandths
    assert purse_yen(bank) == START


REFUSED = [
    (PARENT, PARENT, "1", "JPY", SpAccountsSame),
    (SAVINGS, "SP502019999999", "1", "JPY", SpAccountNotUsable),
    ("SP502019999999", SAVINGS, "1", "JPY", SpAccountNotUsable),
    (PARENT, MAIN, "1", "JPY", SpAccountNotUsable),
    (MAIN, PARENT, "1", "JPY", SpAccountNotUsable),
    (PARENT, TRAVEL, "1", "XXX", SpCurrencyUnknown),
    (PARENT, TRAVEL, "0", "JPY", SpAmountUnusable),
    (PARENT, TRAVEL, "1.5", "JPY", SpAmountUnusable),
    (PARENT, TRAVEL, "1,000", "JPY", SpAmountUnusable),
    (PARENT, TRAVEL, "-1", "JPY", SpAmountUnusable),
    (PARENT, TRAVEL, "１", "JPY", SpAmountUnusable),
    (PARENT, TRAVEL, "0.00", "USD", SpAmountUnusable),
    (PARENT, TRAVEL, "0.001", "USD", SpAmountUnusable),
    (PARENT, TRAVEL, ".5", "USD", SpAmountUnusable),
    (PARENT, TRAVEL, "70001", "JPY", InsufficientFunds),
    (SAVINGS, PARENT, "30001", "JPY", InsufficientFunds),
    (SAVINGS, PARENT, "100.26", "USD", InsufficientFunds),
    (PARENT, TRAVEL, "0.01", "EUR", InsufficientFunds),
]


@pytest.mark.parametrize(("debit", "deposit", "amount", "currency", "refusal"), REFUSED)
def test_a_move_that_cannot_be_is_refused_and_changes_nothing(debit, deposit, amount, currency, refusal):
    bank = make_persons_bank()
    before = fingerprint(bank)

    with pytest.raises(refusal):
        shift(bank, debit, deposit, amount, currency=currency)

    assert fingerprint(bank) == before


def test_purses_are_in_the_main_account_only():
    bank = make_persons_bank(with_purses=False)
    side = make_account(account_id="301020000001", customer_id=PERSON, number="0000002", primary=False)
    bank.open_account(side, opening_balance_yen=0, at=OPENED)

    with pytest.raises(ValueError, match="not the main account"):
        bank.sp_accounts.open(parent_of(side, "別"), at=OPENED)


@pytest.mark.parametrize(
    "use",
    [
        lambda bank, purse: bank.request_transfer(PERSON, make_order(account_id=purse), key=None, at=NOON),
        lambda bank, purse: bank.quote(PERSON, make_order(account_id=purse), at=NOON),
        lambda bank, purse: bank.deposit_statement(PERSON, StatementQuery(purse), at=NOON),
        lambda bank, purse: bank.statement(PERSON, purse, at=NOON),
        lambda bank, purse: bank.visa_statement(PERSON, StatementQuery(purse), at=NOON),
    ],
    ids=["request", "quote", "deposits", "statement", "visa"],
)
@pytest.mark.parametrize("purse", [PARENT, SAVINGS])
def test_a_purse_is_no_ordinary_account(use, purse):
    with pytest.raises(AccountNotUsable):
        use(make_persons_bank(), purse)


def test_what_is_set_aside_in_children_is_not_there_for_a_transfer():
    bank = make_persons_bank()

    with pytest.raises(InsufficientFunds):
        pay(bank, to_neighbour(amount_yen=70_001))
    assert bank.balance_of(MAIN, at=NOON).withdrawable_yen == 70_000
    pay(bank, to_neighbour(amount_yen=70_000))
    assert purse_yen(bank) == {PARENT: 0, SAVINGS: 30_000, TRAVEL: 0}
    assert balance(bank, MAIN) == 30_000


def test_a_reserved_transfer_waits_until_the_parent_has_enough():
    bank = make_persons_bank()
    reserved = pay(bank, to_neighbour(amount_yen=80_000), designated_date=TOMORROW)

    bank.tick(at=jst(9, 30, day=TOMORROW))
    assert balance(bank, NEIGHBOUR_ACCOUNT) == 0
    shift(bank, SAVINGS, PARENT, "10000", at=jst(10, day=TOMORROW))
    bank.tick(at=jst(12, 1, day=TOMORROW))

    assert balance(bank, NEIGHBOUR_ACCOUNT) == 80_000
    assert [payment.apply_no for payment in bank.payments()] == [reserved.apply_no]
    assert purse_yen(bank) == {PARENT: 0, SAVINGS: 20_000, TRAVEL: 0}


def test_money_that_arrives_is_in_the_parent():
    bank = make_persons_bank()

    bank.outside.deposit(MAIN, amount_yen=1_000, remitter_name="ﾐﾎﾝ", at=NOON)

    assert purse_yen(bank) == START | {PARENT: 71_000}


def test_a_childs_statement_has_its_own_moves_and_the_parents_all_of_its_money():
    bank = make_persons_bank()
    shift(bank, PARENT, SAVINGS, "5000")
    bank.outside.deposit(MAIN, amount_yen=1_000, remitter_name="ﾐﾎﾝ", at=NOON)
    shift(bank, SAVINGS, PARENT, "300")

    def told(purse):
        return [(line.transaction_type, line.amount_yen, line.balance_yen) for line in lines_of(bank, purse)]

    assert told(SAVINGS) == [("1", 30_000, 30_000), ("1", 5_000, 35_000), ("2", 300, 34_700)]
    assert told(PARENT) == [
        ("1", 100_000, 100_000), ("2", 30_000, 70_000), ("2", 5_000, 65_000), ("1", 1_000, 66_000), ("1", 300, 66_300),
    ]  # fmt: skip
    assert told(TRAVEL) == []
    assert {line.remarks for line in lines_of(bank, SAVINGS)} == {"つかいわけ口座間振替"}


def test_a_statement_without_days_is_todays():
    bank = make_persons_bank()
    shift(bank, PARENT, TRAVEL, "1")

    page = bank.sp_accounts.statement(PERSON, StatementQuery(TRAVEL), at=NOON)

    assert (page.date_from, page.date_to, len(page.lines)) == (TODAY, TODAY, 1)


@pytest.mark.parametrize("purse", [PARENT, TRAVEL])
def test_pages_hold_500_lines_and_together_every_line_once(purse):
    bank = make_persons_bank()
    for _ in range(600):
        shift(bank, PARENT, TRAVEL, "1")
        bank.outside.deposit(MAIN, amount_yen=2, remitter_name="ﾐﾎﾝ", at=NOON)

    first = bank.sp_accounts.statement(PERSON, StatementQuery(purse), at=NOON)
    rest = lines_of(bank, purse, date_from=TODAY, after_key=first.next_item_key)

    assert len(first.lines) == 500
    assert first.next_item_key.isdigit()
    assert len(first.next_item_key) <= 24
    found = (*first.lines, *(rest if purse == TRAVEL else (*rest, *lines_of(bank, purse, after_key=rest[-1].item_key))))
    assert len({line.item_key for line in found}) == len(found) == (1_200 if purse == PARENT else 600)
    assert found[-1].balance_yen == purse_yen(bank)[purse]


@pytest.mark.parametrize("key", ["1", "2" * 24, "99999999999999999999", "20260401120000000001"])
def test_a_key_that_was_never_given_is_refused(key):
    with pytest.raises(NextItemKeyUnknown):
        lines_of(make_persons_bank(), SAVINGS, after_key=key)


SECOND = SpPlace("502", "あじさい支店", "1047571")
CANNOT_OPEN = {
    "a second parent": (SpAccount("SP301010099999", PERSON, MAIN, "二"), SpShares(), "the first"),
    "a number twice": (SpAccount("SP502021047569", PERSON, MAIN, "二", SAVINGS_PLACE), SpShares(), "exists"),
    "an id twice": (child_of(MAIN_ACCOUNT, "二", SAVINGS_PLACE), SpShares(), "exists"),
    "too much": (child_of(MAIN_ACCOUNT, "二", SECOND), SpShares(70_001), "what its parent has"),
    "less than nothing": (child_of(MAIN_ACCOUNT, "二", SECOND), SpShares(-1), "what its parent has"),
    "too much in time deposits": (child_of(MAIN_ACCOUNT, "二", SECOND), SpShares(0, 500_001), "what its parent has"),
    "money of another currency": (
        child_of(MAIN_ACCOUNT, "二", SECOND), SpShares(foreign=(("EUR", 10),)), "what its parent has",
    ),
    "a company": (parent_of(make_account(), "会社"), SpShares(), "for persons"),
}  # fmt: skip


@pytest.mark.parametrize(("account", "shares", "why"), CANNOT_OPEN.values(), ids=CANNOT_OPEN)
def test_a_purse_that_cannot_be_is_not_opened(account, shares, why):
    bank = make_persons_bank()
    before = fingerprint(bank)

    with pytest.raises(ValueError, match=why):
        bank.sp_accounts.open(account, shares, at=NOON)

    assert fingerprint(bank) == before


def test_a_child_needs_a_parent_and_a_parent_takes_no_shares():
    bank = make_persons_bank(with_purses=False)

    with pytest.raises(ValueError, match="the first"):
        bank.sp_accounts.open(child_of(MAIN_ACCOUNT, "子", SECOND), at=NOON)
    with pytest.raises(ValueError, match="no shares"):
        bank.sp_accounts.open(parent_of(MAIN_ACCOUNT, "親"), SpShares(1), at=NOON)


@pytest.mark.parametrize(("account_id", "name"), [("301010012345", "x"), ("SP1", "x"), ("SP" + "1" * 28, "x")])
def test_an_id_begins_with_sp_and_has_12_to_29_characters(account_id, name):
    with pytest.raises(ValueError, match="id of a purse"):
        SpAccount(account_id, PERSON, MAIN, name)


@pytest.mark.parametrize("name", ["", "あ" * 11])
def test_a_name_has_1_to_10_characters(name):
    with pytest.raises(ValueError, match="1 to 10"):
        parent_of(MAIN_ACCOUNT, name)


def test_the_number_of_a_child_is_nobody_elses():
    bank = make_persons_bank()

    with pytest.raises(ValueError, match="exists already"):
        bank.open_account(
            make_account(account_id="502011047569", branch_code="502", number="1047569"), opening_balance_yen=0, at=NOON
        )


def test_a_recall_fee_comes_from_the_parent_too():
    bank = make_persons_bank()
    done = pay(bank, make_line(amount_yen=69_857))
    bank.tick(at=jst(12, 1))

    assert purse_yen(bank)[PARENT] == 0
    assert "recall" not in bank.outside.possible_steps(done.apply_no)
    shift(bank, SAVINGS, PARENT, "880", at=jst(12, 2))
    assert "recall" in bank.outside.possible_steps(done.apply_no)
