"""The life of virtual accounts: issue, stop, resume, delete, expiry, the end of their contract; who may do what."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from mock_gmo.bank.bank import Bank
from mock_gmo.bank.refusals import (
    AccountNotUsable,
    BankRefusal,
    RaIdMissing,
    VaAuthKeyNotAllowed,
    VaCapReached,
    VaChangeNotPossible,
    VaCloseRepeated,
    VaContractEnded,
    VaHolderNameUnusable,
    VaNotUsable,
    VaTakesNoDeposits,
)
from mock_gmo.bank.rules import BankRules
from mock_gmo.bank.virtual_account_lists import VaDepositQuery, VaQuery
from mock_gmo.bank.virtual_accounts import MOVES, VaOrder, VaStatus, VaTrigger, VaType, VirtualAccount
from tests.unit.bank.building import (
    COMPANY,
    NEIGHBOUR,
    NEIGHBOUR_ACCOUNT,
    NOON,
    PAYER,
    SIDE_ACCOUNT,
    balance,
    jst,
    later,
    make_account,
)
from tests.unit.bank.fingerprint import fingerprint
from tests.unit.bank.virtual import PARTNER, PARTNER_KEY, change, find, found, issue, make_va_bank, now, pay_in

STOP, RESUME, DELETE = VaTrigger.STOP, VaTrigger.RESUME, VaTrigger.DELETE
WAY_TO = {VaStatus.ACTIVE: (), VaStatus.STOPPED: (STOP,), VaStatus.DELETED: (DELETE,)}
END_OF_MAY = datetime(2026, 5, 31, 14, 59, 59, tzinfo=UTC)
FIRST_OF_MAY = jst(0, day=date(2026, 5, 1))


def in_state(bank: Bank, status: VaStatus) -> VirtualAccount:
    (va,) = issue(bank)
    for trigger in WAY_TO[status]:
        (va,) = change(bank, trigger, va)
    return va


def test_accounts_are_numbered_one_after_the_other_and_share_their_name() -> None:
    bank = make_va_bank()

    first, second = issue(bank, 2, added_name="ﾆﾕｳｷﾝ")
    (third,) = issue(bank)

    assert [va.va_id for va in (first, second, third)] == ["5021000001", "5021000002", "5021000003"]
    assert {first.holder_name, second.holder_name} == {"ﾐﾎﾝｼﾖｳｼﾞ(ｶ)ﾆﾕｳｷﾝ"}
    assert (first.branch_code, first.number, first.account_id) == ("502", "1000001", PAYER)
    assert (first.status, first.expires_at, first.changed_at, first.closed_at) == (VaStatus.ACTIVE, None, None, None)


def test_a_number_that_a_real_account_has_is_not_given_out() -> None:
    bank = make_va_bank()
    taken = make_account(account_id="502011000001", branch_code="502", number="1000001", primary=False)
    bank.open_account(taken, opening_balance_yen=0, at=NOON)

    assert issue(bank)[0].va_id == "5021000002"


@pytest.mark.parametrize(
    ("issued_on", "months", "last_day"),
    [
        (date(2026, 4, 1), 1, date(2026, 5, 31)),
        (date(2026, 4, 30), 1, date(2026, 5, 31)),
        (date(2026, 12, 31), 1, date(2027, 1, 31)),
        (date(2026, 4, 10), 0, date(2026, 4, 30)),
    ],
)
def test_an_expiring_account_lives_until_the_end_of_a_month(issued_on: date, months: int, last_day: date) -> None:
    bank = make_va_bank(rules={"va_expiry_months": months})
    at = jst(12, day=issued_on)

    (va,) = issue(bank, va_type=VaType.EXPIRING, at=at)

    assert va.expires_at == jst(23, 59, 59, day=last_day)
    bank.tick(at=va.expires_at)
    assert now(bank, va, at=va.expires_at).status is VaStatus.ACTIVE
    end = va.expires_at + timedelta(seconds=1)
    assert [(event.kind, event.detail) for event in bank.tick(at=end)] == [("va_expired", va.va_id)]
    gone = now(bank, va, at=end)
    assert (gone.status, gone.changed_at, gone.closed_at) == (VaStatus.DELETED, end, end)


@pytest.mark.parametrize("status", [VaStatus.STOPPED, VaStatus.DELETED])
def test_an_expiry_finds_stopped_accounts_but_leaves_deleted_ones_alone(status: VaStatus) -> None:
    bank = make_va_bank()
    (va,) = issue(bank, va_type=VaType.EXPIRING)
    change(bank, WAY_TO[status][0], va)

    events = bank.tick(at=later(END_OF_MAY, seconds=1))

    assert len(events) == (status is VaStatus.STOPPED)
    assert now(bank, va).status is VaStatus.DELETED


@pytest.mark.parametrize(("status", "trigger"), list(product(VaStatus, (STOP, RESUME, DELETE))))
def test_a_state_changes_only_as_the_table_says(status: VaStatus, trigger: VaTrigger) -> None:
    bank = make_va_bank()
    va = in_state(bank, status)
    at = later(NOON, minutes=1)

    if (status, trigger) in MOVES:
        (after,) = change(bank, trigger, va, at=at)
        assert after.status is MOVES[status, trigger]
        assert (after.changed_at, after.closed_at) == (at, at if trigger is DELETE else None)
        assert now(bank, va) == after
    else:
        before = fingerprint(bank)
        with pytest.raises(VaChangeNotPossible):
            change(bank, trigger, va, at=at)
        assert fingerprint(bank) == before


def test_the_table_has_a_way_out_of_every_state_but_the_last() -> None:
    ways = {(VaStatus.ACTIVE, RESUME), (VaStatus.STOPPED, STOP)}
    expected = set(product((VaStatus.ACTIVE, VaStatus.STOPPED), VaTrigger)) - ways

    assert set(MOVES) == expected


def test_one_that_cannot_be_changed_keeps_all_others_as_they_are() -> None:
    bank = make_va_bank()
    first, second = issue(bank, 2)
    change(bank, STOP, second)

    with pytest.raises(VaChangeNotPossible):
        change(bank, STOP, first, second)

    assert now(bank, first).status is VaStatus.ACTIVE


def test_one_that_is_named_twice_is_changed_once() -> None:
    bank = make_va_bank()
    (va,) = issue(bank)

    assert [after.status for after in change(bank, STOP, va, va)] == [VaStatus.STOPPED]


def test_a_contract_has_a_cap_and_deleting_makes_room() -> None:
    bank = make_va_bank(rules={"virtual_accounts_max": 3})
    first, *_ = issue(bank, 3)
    with pytest.raises(VaCapReached):
        issue(bank)

    change(bank, DELETE, first)

    assert issue(bank)[0].va_id == "5021000004"
    with pytest.raises(VaCapReached):
        issue(bank)


def test_the_usual_cap_is_two_thousand() -> None:
    bank = make_va_bank()
    issue(bank, 1_000)
    issue(bank, 1_000)

    with pytest.raises(VaCapReached):
        issue(bank)


REFUSED_ORDERS: list[tuple[dict[str, object], type[BankRefusal]]] = [
    ({"account_id": None}, RaIdMissing),
    ({"account_id": NEIGHBOUR_ACCOUNT}, AccountNotUsable),
    ({"account_id": "101010000000"}, AccountNotUsable),
    ({"added_name": "入金"}, VaHolderNameUnusable),
    ({"added_name": " A", "added_name_first": True}, VaHolderNameUnusable),
    ({"count": 2_001}, VaCapReached),
]


@pytest.mark.parametrize(("changes", "refusal"), REFUSED_ORDERS)
def test_a_refused_order_changes_nothing(changes: dict[str, object], refusal: type[BankRefusal]) -> None:
    bank = make_va_bank()
    before = fingerprint(bank)

    with pytest.raises(refusal):
        issue(bank, **{"count": 1, **changes})

    assert fingerprint(bank) == before


def test_a_closed_contract_works_until_the_month_is_over() -> None:
    bank = make_va_bank()
    stopped, active = issue(bank, 2)
    change(bank, STOP, stopped)
    desk = bank.virtual_accounts

    assert desk.close_contract(COMPANY, at=NOON) == date(2026, 4, 1)
    last = later(FIRST_OF_MAY, seconds=-1)
    issue(bank, at=last)
    pay_in(bank, active, at=last)
    with pytest.raises(VaCloseRepeated):
        desk.close_contract(COMPANY, at=last)

    events = bank.tick(at=FIRST_OF_MAY)

    assert [(event.kind, event.detail) for event in events] == [("va_contract_ended", COMPANY)]
    with pytest.raises(VaTakesNoDeposits):
        pay_in(bank, active, at=FIRST_OF_MAY)


AFTER_THE_END: dict[str, Callable[[Bank], object]] = {
    "issue": lambda bank: issue(bank, at=FIRST_OF_MAY),
    "list": lambda bank: find(bank, at=FIRST_OF_MAY),
    "deposits": lambda bank: bank.virtual_accounts.deposits(COMPANY, VaDepositQuery(PAYER), at=FIRST_OF_MAY),
    "change": lambda bank: bank.virtual_accounts.change(COMPANY, ("5021000001",), STOP, at=FIRST_OF_MAY),
    "close": lambda bank: bank.virtual_accounts.close_contract(COMPANY, at=FIRST_OF_MAY),
}


@pytest.mark.parametrize("call", AFTER_THE_END)
def test_after_the_end_of_the_contract_every_call_is_refused(call: str) -> None:
    bank = make_va_bank()
    issue(bank)
    bank.virtual_accounts.close_contract(COMPANY, at=NOON)
    bank.tick(at=FIRST_OF_MAY)

    with pytest.raises(VaContractEnded):
        AFTER_THE_END[call](bank)


def test_a_neighbour_sees_nothing_of_other_contracts() -> None:
    bank = make_va_bank()
    (va,) = issue(bank)
    desk = bank.virtual_accounts

    assert desk.find(NEIGHBOUR, VaQuery(va_ids=(va.va_id,)), at=NOON).accounts == ()
    with pytest.raises(VaNotUsable):
        desk.change(NEIGHBOUR, (va.va_id,), STOP, at=NOON)
    with pytest.raises(VaNotUsable):
        desk.deposits(NEIGHBOUR, VaDepositQuery(va_id=va.va_id), at=NOON)


def test_a_key_is_refused_from_everybody_but_the_partner_that_holds_it() -> None:
    desk = make_va_bank().virtual_accounts

    for customer, key in ((COMPANY, PARTNER_KEY), (NEIGHBOUR, PARTNER_KEY), (PARTNER, "OTHER")):
        with pytest.raises(VaAuthKeyNotAllowed):
            desk.find(customer, VaQuery(), auth_key=key, at=NOON)


def test_a_partner_runs_contracts_of_its_customers_beside_its_own() -> None:
    bank = make_va_bank()
    desk = bank.virtual_accounts
    (own,) = issue(bank)

    (run,) = desk.issue(PARTNER, VaOrder(VaType.LASTING, 1), auth_key=PARTNER_KEY, at=NOON)
    side = VaOrder(VaType.LASTING, 1, account_id=SIDE_ACCOUNT)
    (other,) = desk.issue(PARTNER, side, auth_key=PARTNER_KEY, at=NOON)

    assert (run.account_id, other.account_id) == (PAYER, SIDE_ACCOUNT)
    assert found(bank) == [own.va_id[-1]]
    assert desk.find(PARTNER, VaQuery(), at=NOON).accounts == ()
    assert len(desk.find(PARTNER, VaQuery(), auth_key=PARTNER_KEY, at=NOON).accounts) == 2
    assert pay_in(bank, run).partner_name == "提携株式会社"
    assert desk.deposits(COMPANY, VaDepositQuery(PAYER), at=NOON).deposits == ()
    assert len(desk.deposits(PARTNER, VaDepositQuery(PAYER), auth_key=PARTNER_KEY, at=NOON).deposits) == 1


@pytest.mark.parametrize("status", [VaStatus.STOPPED, VaStatus.DELETED])
def test_money_for_an_account_that_takes_none_goes_back(status: VaStatus) -> None:
    bank = make_va_bank()
    va = in_state(bank, status)
    before, yen = fingerprint(bank), balance(bank)

    with pytest.raises(VaTakesNoDeposits):
        pay_in(bank, va)

    assert (fingerprint(bank), balance(bank)) == (before, yen)


@pytest.mark.parametrize(
    "wrong",
    [{"virtual_accounts_max": -1}, {"va_expiry_months": -1}, {"va_deposits_months": 0}, {"va_expiry_months": 1_201}],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        BankRules(**wrong)  # type: ignore[arg-type]
