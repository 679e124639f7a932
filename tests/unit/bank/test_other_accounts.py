"""Accounts that are only listed: their worth, their place in the lists, and what does not take them."""

from datetime import date, datetime
from typing import Any

import pytest

from mock_gmo.bank.bank import Bank
from mock_gmo.bank.customers import Balance
from mock_gmo.bank.fixed_point import parse_decimal, write_decimal
from mock_gmo.bank.other_accounts import ForeignHolding, OtherAccount, OtherBalance
from mock_gmo.bank.refusals import AccountNotUsable, CustomerUnknown
from mock_gmo.bank.statements import StatementQuery
from tests.unit.bank.building import (
    COMPANY,
    HOLIDAY,
    NEIGHBOUR,
    NOON,
    OPENED,
    PAYER,
    SATURDAY,
    SIDE_ACCOUNT,
    TODAY,
    jst,
    make_account,
    make_bank,
    make_order,
)

TIME_DEPOSIT, DOLLARS, SECURITIES = "101110100001", "101510500001", "101810800001"


def make_holding(**changes: Any) -> ForeignHolding:
    return ForeignHolding(**{"currency": "USD", "amount_thousandths": 350_480, "ttb_thousandths": 110_500, **changes})


def make_holder(**rules: Any) -> Bank:
    bank = make_bank(rules=rules)
    bank.open_other_account(OtherAccount(SECURITIES, COMPANY, "81", balance_yen=250_000))
    bank.open_other_account(OtherAccount(DOLLARS, COMPANY, "51", foreign=make_holding()))
    bank.open_other_account(OtherAccount(TIME_DEPOSIT, COMPANY, "11", balance_yen=3_000_000))
    return bank


def test_all_kinds_are_listed_the_main_account_first_then_by_id() -> None:
    bank = make_holder()
    everything = [PAYER, SIDE_ACCOUNT, TIME_DEPOSIT, DOLLARS, SECURITIES]

    assert [account.account_id for account in bank.listed_accounts(COMPANY)] == everything
    balances = bank.listed_balances(COMPANY, None, at=NOON)
    assert [balance.account.account_id for balance in balances] == everything
    assert [type(balance) for balance in balances] == [Balance, Balance, OtherBalance, OtherBalance, OtherBalance]
    assert [account.account_id for account in bank.accounts_of(COMPANY)] == [PAYER, SIDE_ACCOUNT]


@pytest.mark.parametrize("account_id", [PAYER, TIME_DEPOSIT, DOLLARS])
def test_one_balance_is_told_to_its_holder_only(account_id: str) -> None:
    bank = make_holder()

    (balance,) = bank.listed_balances(COMPANY, account_id, at=NOON)
    assert balance.account.account_id == account_id
    for customer, asked in ((NEIGHBOUR, account_id), (COMPANY, "9" * 12)):
        with pytest.raises(AccountNotUsable):
            bank.listed_balances(customer, asked, at=NOON)


@pytest.mark.parametrize("account_id", [TIME_DEPOSIT, DOLLARS, SECURITIES])
def test_what_needs_an_ordinary_yen_account_takes_no_other(account_id: str) -> None:
    bank = make_holder()
    for refused in (
        lambda: bank.statement(COMPANY, account_id, at=NOON),
        lambda: bank.deposit_statement(COMPANY, StatementQuery(account_id), at=NOON),
        lambda: bank.visa_statement(COMPANY, StatementQuery(account_id), at=NOON),
        lambda: bank.request_transfer(COMPANY, make_order(account_id=account_id), key=None, at=NOON),
        lambda: bank.outside.deposit(account_id, amount_yen=1, remitter_name="A", at=NOON),
        lambda: bank.request_result(COMPANY, account_id, "1" * 16, at=NOON),
    ):
        with pytest.raises(AccountNotUsable):
            refused()


@pytest.mark.parametrize(
    ("at", "rate_day"),
    [
        (jst(9, 59, 59), date(2026, 3, 31)),
        (jst(10), TODAY),
        (jst(23, 59, 59), TODAY),
        (jst(12, day=SATURDAY), date(2026, 4, 3)),
        (jst(12, day=HOLIDAY), date(2026, 4, 28)),
        (jst(9, day=date(2026, 4, 6)), date(2026, 4, 3)),
    ],
)
def test_a_rate_is_of_ten_oclock_of_the_latest_business_day(at: datetime, rate_day: date) -> None:
    (balance,) = make_holder().listed_balances(COMPANY, DOLLARS, at=at)

    assert isinstance(balance, OtherBalance)
    assert balance.rate_as_of == jst(10, day=rate_day)


@pytest.mark.parametrize(
    ("amount", "ttb", "yen"),
    [(350_480, 110_500, 38_728), (0, 110_500, 0), (-350_480, 110_500, -38_728), (1, 1, 0), (999, 1_000, 0)],
)
def test_the_worth_in_yen_loses_its_fractions(amount: int, ttb: int, yen: int) -> None:
    assert make_holding(amount_thousandths=amount, ttb_thousandths=ttb).yen_equivalent == yen


@pytest.mark.parametrize(
    "wrong",
    [
        {"type_code": "01"},
        {"type_code": "51"},
        {"type_code": "51", "foreign": make_holding(), "balance_yen": 1},
        {"type_code": "11", "foreign": make_holding()},
    ],
)
def test_an_account_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="type"):
        OtherAccount(TIME_DEPOSIT, COMPANY, **wrong)


@pytest.mark.parametrize("wrong", [{"currency": "JPY"}, {"currency": "XXX"}, {"ttb_thousandths": 0}])
def test_a_holding_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not"):
        make_holding(**wrong)


def test_an_id_is_given_once_among_all_kinds() -> None:
    bank = make_holder()

    with pytest.raises(ValueError, match="exists already"):
        bank.open_other_account(OtherAccount(TIME_DEPOSIT, COMPANY, "11"))
    with pytest.raises(ValueError, match="exists already"):
        bank.open_account(make_account(account_id=DOLLARS, number="0000009"), opening_balance_yen=0, at=OPENED)
    with pytest.raises(CustomerUnknown):
        bank.open_other_account(OtherAccount("101110100002", "nobody", "11"))


@pytest.mark.parametrize(
    ("figure", "places", "text"),
    [
        (350_480, 3, "350.48"),
        (110_500, 3, "110.5"),
        (110_000, 3, "110.0"),
        (0, 3, "0.0"),
        (-5, 3, "-0.005"),
        (157_550_123, 6, "157.550123"),
        (3_250_000, 6, "3.25"),
    ],
)
def test_a_figure_is_written_with_a_decimal_and_read_back(figure: int, places: int, text: str) -> None:
    assert write_decimal(figure, places=places) == text
    assert parse_decimal(text, places=places) == figure


def test_a_figure_without_decimals_is_read() -> None:
    assert parse_decimal("12", places=3) == 12_000


@pytest.mark.parametrize("text", ["", "1.", ".5", "1.2345", "1,5", "+1", "１.5", "1e3", "--1"])
def test_no_figure_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a figure"):
        parse_decimal(text, places=3)
