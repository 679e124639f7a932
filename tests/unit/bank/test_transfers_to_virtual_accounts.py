"""A transfer within this bank to the number of a virtual account is a deposit to it; one that it cannot take fails."""

from datetime import datetime
from typing import Any

import pytest

from mock_gmo.bank.bank import Bank
from mock_gmo.bank.days import ONE_DAY, civil_date
from mock_gmo.bank.fees import FeeRules
from mock_gmo.bank.refusals import BeneficiaryIsDebitedAccount, LimitExceeded
from mock_gmo.bank.statements import StatementQuery
from mock_gmo.bank.transfers import OrderLine, TransferKind
from mock_gmo.bank.virtual_account_lists import Days, VaDepositQuery
from mock_gmo.bank.virtual_accounts import VaDeposit, VaTrigger, VaType, VirtualAccount
from tests.unit.bank.building import (
    COMPANY,
    NEIGHBOUR,
    NEIGHBOUR_ACCOUNT,
    NOON,
    PAYER,
    SIDE_ACCOUNT,
    TOMORROW,
    balance,
    jst,
    make_line,
    make_order,
    request,
    to_neighbour,
)
from tests.unit.bank.virtual import change, issue, make_va_bank, now

YEN = 10_000


def make_paying_bank(**changes: Any) -> Bank:
    """The neighbour has 100,000 yen and pays to virtual accounts of the company."""
    bank = make_va_bank(**changes)
    bank.outside.deposit(NEIGHBOUR_ACCOUNT, amount_yen=100_000, remitter_name="ﾐﾎﾝ", at=NOON)
    return bank


def to_va(va: VirtualAccount, **changes: Any) -> OrderLine:
    place = {"bank_code": "0310", "branch_code": va.branch_code, "account_number": va.number}
    return make_line(**(place | {"beneficiary_name": "ﾐﾎﾝｼﾖｳｼﾞ(ｶ", "amount_yen": YEN} | changes))


def pay(bank: Bank, *lines: OrderLine, at: datetime = NOON, **changes: Any) -> str:
    order = make_order(*lines, account_id=NEIGHBOUR_ACCOUNT, **changes)
    return bank.request_transfer(NEIGHBOUR, order, key=None, at=at).apply_no


def deposits(bank: Bank, va: VirtualAccount, *, at: datetime = NOON) -> tuple[VaDeposit, ...]:
    query = VaDepositQuery(va_id=va.va_id, days=Days(civil_date(at), civil_date(at)))
    return bank.virtual_accounts.deposits(COMPANY, query, at=at).deposits


def states(bank: Bank, apply_no: str) -> list[str]:
    application = bank.look(lambda state, _: state.applications[apply_no])
    return [line.status.name for line in application.lines]


def test_it_is_a_deposit_with_the_payers_data_and_a_line_of_the_real_account() -> None:
    bank = make_paying_bank()
    (va,) = issue(bank)

    apply_no = pay(bank, to_va(va, edi_info="INV-7"))

    assert states(bank, apply_no) == ["SETTLED"]
    assert (balance(bank, PAYER), balance(bank, NEIGHBOUR_ACCOUNT)) == (1_000_000 + YEN, 100_000 - YEN)
    (deposit,) = deposits(bank, va)
    line = deposit.line
    assert (line.amount_yen, line.applicant_name, line.edi_info) == (YEN, "ｻﾝﾌﾟﾙ(ｶ", "INV-7")
    assert (line.payment_bank_name, line.payment_branch_name) == ("ｼﾞ-ｴﾑｵ-ｱｵｿﾞﾗﾈﾂﾄ", "ﾎｳｼﾞﾝｴｲｷﾞﾖｳﾌﾞ")
    assert line.remarks.endswith(f"あじさい支店 {va.number}")
    assert bank.statement(COMPANY, PAYER, at=NOON).lines[-1] == line
    assert bank.deposit_statement(COMPANY, StatementQuery(PAYER), at=NOON).lines[-1] == line
    told = now(bank, va)
    assert (told.latest_deposit_yen, told.latest_deposit_count) == (YEN, 1)


def test_a_reserved_transfer_arrives_on_its_day() -> None:
    bank = make_paying_bank()
    (va,) = issue(bank)

    pay(bank, to_va(va), designated_date=TOMORROW)
    assert deposits(bank, va) == ()
    bank.tick(at=jst(9, 1, day=TOMORROW))

    assert [deposit.line.transaction_date for deposit in deposits(bank, va, at=jst(10, day=TOMORROW))] == [TOMORROW]


@pytest.mark.parametrize("trigger", [VaTrigger.STOP, VaTrigger.DELETE])
@pytest.mark.parametrize("fee_yen", [0, 55])
def test_one_that_takes_no_deposits_fails_and_everything_comes_back(trigger: VaTrigger, fee_yen: int) -> None:
    bank = make_paying_bank(rules={"fees": FeeRules(within_bank_yen=fee_yen)})
    (va,) = issue(bank)
    change(bank, trigger, va)

    apply_no = pay(bank, to_va(va))

    assert states(bank, apply_no) == ["NOT_EXECUTED"]
    assert (balance(bank, PAYER), balance(bank, NEIGHBOUR_ACCOUNT)) == (1_000_000, 100_000)
    assert deposits(bank, va) == ()
    (payment,) = bank.payments()
    assert payment.came_back_yen == payment.amount_yen
    assert bank.check_books().balances["settlement"] == 0
    assert bank.check_books().differing == ()


def test_what_is_stopped_after_the_request_fails_on_the_day() -> None:
    bank = make_paying_bank()
    (va,) = issue(bank)
    apply_no = pay(bank, to_va(va), designated_date=TOMORROW)

    change(bank, VaTrigger.STOP, va)
    bank.tick(at=jst(9, 1, day=TOMORROW))
    assert states(bank, apply_no) == ["NOT_EXECUTED"]
    change(bank, VaTrigger.RESUME, va, at=jst(10, day=TOMORROW))
    pay(bank, to_va(va), designated_date=TOMORROW, at=jst(10, day=TOMORROW))

    assert len(deposits(bank, va, at=jst(10, day=TOMORROW))) == 1


def test_one_that_expired_fails_too() -> None:
    bank = make_paying_bank()
    (va,) = issue(bank, va_type=VaType.EXPIRING)
    assert va.expires_at is not None
    after = civil_date(va.expires_at) + ONE_DAY

    apply_no = pay(bank, to_va(va), designated_date=after)
    bank.tick(at=jst(9, 1, day=after))

    assert states(bank, apply_no) == ["NOT_EXECUTED"]


@pytest.mark.parametrize("kind", [TransferKind.SINGLE, TransferKind.BULK])
def test_lines_fail_and_succeed_each_by_itself(kind: TransferKind) -> None:
    bank = make_paying_bank()
    stopped, open_one = issue(bank, 2)
    change(bank, VaTrigger.STOP, stopped)

    apply_no = pay(bank, to_va(stopped), to_va(open_one), make_line(amount_yen=1_000), kind=kind)

    assert states(bank, apply_no) == ["NOT_EXECUTED", "SETTLED", "IN_PROCESS"]
    assert balance(bank, NEIGHBOUR_ACCOUNT) == 100_000 - YEN - 1_000 - 143
    bank.tick(at=jst(12, 1))
    assert states(bank, apply_no) == ["NOT_EXECUTED", "SETTLED", "SETTLED"]


def test_one_of_the_debited_account_is_that_account() -> None:
    bank = make_paying_bank()
    (va,) = issue(bank)

    with pytest.raises(BeneficiaryIsDebitedAccount):
        request(bank, to_va(va))


def test_one_of_another_account_of_the_payer_is_a_move_between_own_accounts() -> None:
    bank = make_paying_bank(limit_yen=0)
    own, *_ = issue(bank, account_id=SIDE_ACCOUNT)

    request(bank, to_va(own))

    assert balance(bank, SIDE_ACCOUNT) == YEN


def test_it_counts_against_the_payers_limit_and_frees_it_when_it_fails() -> None:
    bank = make_paying_bank()
    bank.change_customer(NEIGHBOUR, transfer_limit_yen={NEIGHBOUR_ACCOUNT: YEN})
    (va,) = issue(bank)
    change(bank, VaTrigger.STOP, va)

    pay(bank, to_va(va))
    pay(bank, to_neighbour(branch_code="101", account_number="0012345", amount_yen=YEN))
    with pytest.raises(LimitExceeded):
        pay(bank, to_va(va, amount_yen=1))


def test_a_number_that_was_never_issued_is_nobodys_account() -> None:
    bank = make_paying_bank()
    (va,) = issue(bank)

    pay(bank, to_va(va, account_number="9999999"))

    assert (balance(bank, PAYER), balance(bank, NEIGHBOUR_ACCOUNT)) == (1_000_000, 100_000 - YEN)


def test_a_beneficiary_who_agrees_to_a_recall_gives_the_money_back() -> None:
    bank = make_paying_bank()
    (va,) = issue(bank)
    apply_no = pay(bank, to_va(va))

    bank.outside.recall(apply_no, at=NOON)
    bank.outside.recall_agree(apply_no, at=NOON)

    assert (balance(bank, PAYER), balance(bank, NEIGHBOUR_ACCOUNT)) == (1_000_000, 100_000 - 880)
