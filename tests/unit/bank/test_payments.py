"""The list of payments: what the books say was debited, and what came back."""

from collections.abc import Callable

import pytest

from mock_gmo.bank.bank import Bank
from mock_gmo.bank.states import TransferStatus
from tests.unit.bank.building import (
    FEE_YEN,
    NOON,
    PAYER,
    TOMORROW,
    later,
    make_bank,
    make_line,
    request,
    to_neighbour,
)
from tests.unit.bank.reaching import REACH

S = TransferStatus


@pytest.mark.parametrize(
    "status", [s for s in S if s not in (S.IN_PROCESS, S.SETTLED)], ids=lambda status: status.label
)
def test_a_payment_is_listed_exactly_when_money_left_the_account(status: TransferStatus) -> None:
    reached = REACH[status]()
    debited = status in (S.FUNDS_RETURNED, S.RECALL_IN_PROCESS, S.RECALLED, S.RECALL_REFUSED, S.NOT_EXECUTED)

    assert [payment.status for payment in reached.bank.payments()] == ([status] if debited else [])


def test_a_payment_tells_what_was_paid_to_whom() -> None:
    bank = make_bank()
    apply_no = request(bank, to_neighbour(), make_line(amount_yen=30_000, edi_info="MARK1"), at=NOON).apply_no
    request(bank, designated_date=TOMORROW)

    _, payment = bank.payments()

    assert (payment.apply_no, payment.item_id, payment.account_id) == (apply_no, "2", PAYER)
    assert (payment.amount_yen, payment.fee_yen, payment.edi_info) == (30_000, FEE_YEN, "MARK1")
    place = (payment.bank_code, payment.branch_code, payment.account_type, payment.account_number)
    assert (place, payment.beneficiary_name) == (("0398", "111", "1", "7654321"), "ｻﾝﾌﾟﾙ ﾊﾅｺ")
    assert (payment.debited_at, payment.status, payment.came_back_yen, payment.came_back_at) == (
        NOON,
        S.IN_PROCESS,
        0,
        None,
    )


def agreed(bank: Bank, apply_no: str) -> None:
    bank.outside.recall(apply_no, at=later(NOON, days=1))
    bank.outside.recall_agree(apply_no, at=later(NOON, days=2))


@pytest.mark.parametrize(
    ("minutes", "act", "fee_yen", "came_back_yen", "days"),
    [
        (0, lambda bank, no: bank.outside.fail(no, at=NOON), 0, 10_000, 0),
        (1, lambda bank, no: bank.outside.return_funds(no, at=later(NOON, days=3)), FEE_YEN, 10_000, 3),
        (1, agreed, FEE_YEN, 10_000, 2),
        (1, lambda bank, no: bank.outside.recall(no, at=later(NOON, days=1)), FEE_YEN, 0, None),
    ],
    ids=["failed", "returned", "recalled", "recall asked"],
)
def test_a_payment_tells_what_came_back(
    minutes: int, act: Callable[[Bank, str], object], fee_yen: int, came_back_yen: int, days: int | None
) -> None:
    bank = make_bank()
    apply_no = request(bank).apply_no
    bank.tick(at=later(NOON, minutes=minutes))

    act(bank, apply_no)

    (payment,) = bank.payments()
    assert (payment.amount_yen, payment.fee_yen, payment.came_back_yen) == (10_000, fee_yen, came_back_yen)
    assert payment.came_back_at == (None if days is None else later(NOON, days=days))
