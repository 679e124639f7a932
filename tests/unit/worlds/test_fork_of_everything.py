"""What stands beside transfers survives a fork as well: virtual accounts, Visa cards, listed accounts."""

from datetime import date

import pytest

from mock_gmo.app import worlds_of
from mock_gmo.bank.days import ONE_DAY, civil_date, midnight
from mock_gmo.bank.deposits import Deposit
from mock_gmo.bank.statements import StatementQuery
from mock_gmo.bank.transfers import OrderLine, TransferOrder
from mock_gmo.bank.virtual_account_lists import Days, VaDepositQuery
from mock_gmo.bank.virtual_accounts import VaOrder, VaType
from mock_gmo.snapshots.codec import SnapshotError
from mock_gmo.worlds import Worlds
from tests.unit.gateway.calling import Caller, make_caller

MAIN_ACCOUNT, SIDE_ACCOUNT = "101010012345", "101020067890"


@pytest.fixture
def caller() -> Caller:
    return make_caller()


@pytest.fixture
def worlds(caller: Caller) -> Worlds:
    return worlds_of(caller.app)


def test_virtual_accounts_go_on_in_a_fork_and_only_there(caller: Caller, worlds: Worlds) -> None:
    bank = caller.world.bank
    now = caller.world.clock.now()
    order = VaOrder(VaType.LASTING, 2, account_id=MAIN_ACCOUNT)
    first, second = bank.virtual_accounts.issue("corporate", order, at=now)
    bank.virtual_accounts.deposit(first.va_id, Deposit(1_000, "ﾔﾏﾀﾞ ﾀﾛｳ"), at=now)

    fork = worlds.fork(caller.world, "fork").bank
    fork.virtual_accounts.deposit(second.va_id, Deposit(2_000, "ﾔﾏﾀﾞ ﾀﾛｳ"), at=now)
    third, *_ = fork.virtual_accounts.issue("corporate", order, at=now)

    assert third.va_id not in (first.va_id, second.va_id)
    assert fork.balance_of(MAIN_ACCOUNT, at=now).balance_yen == 10_003_000
    assert bank.balance_of(MAIN_ACCOUNT, at=now).balance_yen == 10_001_000
    assert fork.check_books().sum_yen == 0


def test_every_inquiry_answers_in_a_fork_as_in_its_origin(caller: Caller, worlds: Worlds) -> None:
    fork = worlds.fork(caller.world, "fork")
    now = caller.world.clock.now()

    origin = caller.world.bank
    assert fork.bank.listed_accounts("corporate") == origin.listed_accounts("corporate")
    assert fork.bank.listed_balances("corporate", None, at=now) == origin.listed_balances("corporate", None, at=now)
    period = StatementQuery(MAIN_ACCOUNT, date_from=date(2026, 1, 1))
    assert fork.bank.visa_statement("corporate", period, at=now) == origin.visa_statement("corporate", period, at=now)


def test_a_transfer_on_its_way_to_a_virtual_account_arrives_in_a_fork_as_well(caller: Caller, worlds: Worlds) -> None:
    bank = caller.world.bank
    now = caller.world.clock.now()
    (va,) = bank.virtual_accounts.issue("corporate", VaOrder(VaType.LASTING, 1, account_id=MAIN_ACCOUNT), at=now)
    line = OrderLine(None, 1_000, None, "0310", va.branch_code, "1", va.number, "ﾐﾎﾝ")
    tomorrow = civil_date(now) + ONE_DAY
    order = TransferOrder(SIDE_ACCOUNT, None, tomorrow, None, None, None, None, (line,))
    apply_no = bank.request_transfer("corporate", order, key=None, at=now).apply_no
    bank.outside.confirm(apply_no, at=now)

    fork = worlds.fork(caller.world, "fork").bank
    fork.tick(at=midnight(tomorrow + ONE_DAY))

    query = VaDepositQuery(va_id=va.va_id, days=Days(tomorrow, tomorrow))
    later = midnight(tomorrow + ONE_DAY)
    (deposit,) = fork.virtual_accounts.deposits("corporate", query, at=later).deposits
    assert deposit.line.amount_yen == 1_000
    assert bank.virtual_accounts.deposits("corporate", query, at=later).deposits == ()


def test_a_line_to_a_virtual_account_that_is_not_there_is_not_restored(caller: Caller) -> None:
    bank = caller.world.bank
    now = caller.world.clock.now()
    (va,) = bank.virtual_accounts.issue("corporate", VaOrder(VaType.LASTING, 1, account_id=MAIN_ACCOUNT), at=now)
    line = OrderLine(None, 1_000, None, "0310", va.branch_code, "1", va.number, "ﾐﾎﾝ")
    order = TransferOrder(SIDE_ACCOUNT, None, civil_date(now), None, None, None, None, (line,))
    apply_no = bank.request_transfer("corporate", order, key=None, at=now).apply_no
    snapshot = caller.world.snapshot()
    snapshot["bank"]["applications"][apply_no]["lines"][0]["va_id"] = "5029999999"

    with pytest.raises(SnapshotError, match="a virtual account that credits"):
        caller.world.restore(snapshot)
