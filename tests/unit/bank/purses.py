"""Builders for the tests of つかいわけ口座: a person at the bank with a parent and two children, and their moves."""

from datetime import datetime
from typing import Any

from mock_gmo.bank.bank import Bank
from mock_gmo.bank.customers import Customer
from mock_gmo.bank.other_accounts import ForeignHolding, OtherAccount
from mock_gmo.bank.sp_accounts import SpOrder, SpPlace, SpShares, SpTransfer, child_of, parent_of
from mock_gmo.bank.transfers import OrderLine, RequestResult
from tests.unit.bank.building import NOON, OPENED, make_account, make_bank, make_order

PERSON, MAIN = "taro", "301010012345"
PARENT, SAVINGS, TRAVEL = "SP301010012345", "SP502011047569", "SP502011047570"
MAIN_YEN, SAVINGS_YEN = 100_000, 30_000

MAIN_ACCOUNT = make_account(
    account_id=MAIN, customer_id=PERSON, branch_code="301", branch_name="うみ支店", name_kana="ﾐﾎﾝ ﾀﾛｳ"
)
SAVINGS_PLACE = SpPlace("502", "あじさい支店", "1047569")
TRAVEL_PLACE = SpPlace("502", "あじさい支店", "1047570")


def make_persons_bank(*, with_purses: bool = True, **changes: Any) -> Bank:
    """100,000 yen on the account, of these 30,000 for savings; 350.48 dollars, of these 100.25 for savings."""
    bank = make_bank(**changes)
    bank.open_customer(Customer(PERSON, "見本　太郎", kind="individual", confirmation_required=False))
    bank.open_account(MAIN_ACCOUNT, opening_balance_yen=MAIN_YEN, at=OPENED)
    bank.open_other_account(OtherAccount("301110100001", PERSON, "11", balance_yen=1_500_000))
    dollars = ForeignHolding("USD", 350_480, 110_500)
    bank.open_other_account(OtherAccount("301510500001", PERSON, "51", foreign=dollars))
    if with_purses:
        bank.sp_accounts.open(parent_of(MAIN_ACCOUNT, "メイン"), at=OPENED)
        shares = SpShares(SAVINGS_YEN, time_deposits_yen=1_000_000, foreign=(("USD", 100_250),))
        bank.sp_accounts.open(child_of(MAIN_ACCOUNT, "貯蓄用", SAVINGS_PLACE), shares, at=OPENED)
        bank.sp_accounts.open(child_of(MAIN_ACCOUNT, "旅行", TRAVEL_PLACE), at=OPENED)
    return bank


def shift(
    bank: Bank, debit: str, deposit: str, amount: str = "5000", *, at: datetime = NOON, **changes: Any
) -> SpTransfer:
    return bank.sp_accounts.transfer(PERSON, SpOrder(deposit, debit, amount, **changes), at=at)


def pay(bank: Bank, *lines: OrderLine, at: datetime = NOON, **changes: Any) -> RequestResult:
    """Request a transfer from the person's main account."""
    return bank.request_transfer(PERSON, make_order(*lines, account_id=MAIN, **changes), key=None, at=at)


def purse_yen(bank: Bank, *, at: datetime = NOON) -> dict[str, int]:
    return {it.account.account_id: it.yen for it in bank.sp_accounts.balances(PERSON, at=at)}


def purse_foreign(bank: Bank, *, at: datetime = NOON) -> dict[str, dict[str, int]]:
    """Thousandths by purse and currency."""
    balances = bank.sp_accounts.balances(PERSON, at=at)
    return {it.account.account_id: {held.currency: held.amount_thousandths for held in it.foreign} for it in balances}
