"""Cancelling a reservation or an application, and the latest request that request-result speaks of."""

import pytest

from mock_gmo.bank.execution import CANCEL_LIMIT_PASSED, CANCEL_OVERTAKEN
from mock_gmo.bank.refusals import ApplyNoUnknown, CancelNotPossible, ImpossibleStep
from mock_gmo.bank.states import TransferStatus, Trigger
from mock_gmo.bank.transfers import RequestKind, RequestResult
from tests.unit.bank.building import (
    COMPANY,
    FEE_YEN,
    NOON,
    OPENING_YEN,
    PAYER,
    SIDE_ACCOUNT,
    TOMORROW,
    balance,
    codes,
    jst,
    later,
    make_bank,
    request,
    result_code,
)
from tests.unit.bank.fingerprint import fingerprint
from tests.unit.bank.reaching import REACH, Reached

S = TransferStatus
# The only states that a cancel of a class takes hold in.
FITTING = {("1", S.APPLIED): "4", ("2", S.RESERVED): "8"}


def cancel(reached: Reached, cancel_class: str = "2") -> RequestResult:
    return reached.bank.cancel_transfer(COMPANY, PAYER, reached.apply_no, cancel_class, at=reached.at)


def reserved_with_confirmation() -> Reached:
    bank = make_bank(confirmation=True)
    apply_no = request(bank, designated_date=TOMORROW).apply_no
    bank.outside.confirm(apply_no, at=NOON)
    return Reached(bank, apply_no, later(NOON, minutes=1))


@pytest.mark.parametrize("status", list(TransferStatus), ids=lambda status: status.label)
@pytest.mark.parametrize("cancel_class", ["1", "2", "3", "4"])
def test_a_cancel_takes_hold_only_where_class_and_state_fit(cancel_class: str, status: TransferStatus) -> None:
    reached = REACH[status]()
    before = fingerprint(reached.bank)

    if (cancel_class, status) in FITTING:
        assert cancel(reached, cancel_class) == RequestResult(reached.apply_no, "1", reached.at)  # type: ignore[arg-type]
        assert codes(reached.bank, reached.apply_no) == [FITTING[cancel_class, status]]
    else:
        with pytest.raises(CancelNotPossible):
            cancel(reached, cancel_class)
        assert fingerprint(reached.bank) == before


def test_class_1_needs_business_id_management() -> None:
    reached = REACH[S.APPLIED]()
    reached.bank.change_customer(COMPANY, business_id_management=False)

    with pytest.raises(CancelNotPossible):
        cancel(reached, "1")


def test_a_cancel_waits_for_its_holder_while_the_transfer_keeps_its_state() -> None:
    reached = reserved_with_confirmation()
    bank, apply_no = reached.bank, reached.apply_no
    assert result_code(bank, apply_no) == "1"

    assert cancel(reached) == RequestResult(apply_no, "2", None)  # type: ignore[arg-type]

    assert (result_code(bank, apply_no, at=reached.at), codes(bank, apply_no)) == ("2", ["11"])
    (pending,) = bank.outside.pending_confirmations(COMPANY, at=reached.at)
    assert (pending.kind, pending.expires_at) == (RequestKind.CANCEL, later(reached.at, minutes=10))
    events = bank.outside.confirm(apply_no, at=later(reached.at, minutes=1))
    assert [event.kind for event in events] == [Trigger.CANCELLED]
    done = bank.request_result(COMPANY, PAYER, apply_no, at=later(reached.at, minutes=2))
    assert (done.result_code, done.ended_at) == ("1", later(reached.at, minutes=1))
    assert codes(bank, apply_no) == ["8"]
    assert balance(bank) == OPENING_YEN
    bank.tick(at=jst(12, day=TOMORROW))
    assert balance(bank) == OPENING_YEN


def test_a_second_cancel_is_refused_while_one_waits_and_allowed_once_it_expired() -> None:
    reached = reserved_with_confirmation()
    cancel(reached)

    with pytest.raises(CancelNotPossible):
        cancel(reached)
    end = later(reached.at, minutes=10)
    assert [event.kind for event in reached.bank.tick(at=end)] == [CANCEL_LIMIT_PASSED]
    assert result_code(reached.bank, reached.apply_no, at=end) == "8"
    assert codes(reached.bank, reached.apply_no) == ["11"]
    again = Reached(reached.bank, reached.apply_no, end)
    assert cancel(again).result_code == "2"
    assert result_code(reached.bank, reached.apply_no, at=end) == "2"


def test_the_limit_of_an_expired_cancel_does_not_end_the_next_one() -> None:
    reached = reserved_with_confirmation()
    cancel(reached)
    reached.bank.outside.confirm(reached.apply_no, at=reached.at)
    bank = make_bank(confirmation=True)
    first = request(bank, designated_date=TOMORROW).apply_no
    bank.outside.confirm(first, at=later(NOON, minutes=9))
    bank.cancel_transfer(COMPANY, PAYER, first, "2", at=later(NOON, minutes=9, seconds=30))

    # The transfer's own limit, ten minutes after noon, finds the cancel waiting and must leave it alone.
    assert bank.tick(at=later(NOON, minutes=11)) == []
    assert result_code(bank, first, at=later(NOON, minutes=11)) == "2"


def test_a_transfer_whose_day_comes_first_is_executed_and_ends_the_waiting_cancel() -> None:
    bank = make_bank(confirmation=True)
    apply_no = request(bank, designated_date=TOMORROW).apply_no
    bank.outside.confirm(apply_no, at=NOON)
    bank.cancel_transfer(COMPANY, PAYER, apply_no, "2", at=jst(8, 55, day=TOMORROW))

    events = bank.tick(at=jst(9, day=TOMORROW))

    assert [event.kind for event in events] == [Trigger.DAY_CAME, CANCEL_OVERTAKEN]
    assert (result_code(bank, apply_no, at=jst(9, day=TOMORROW)), codes(bank, apply_no)) == ("8", ["12"])
    assert balance(bank) == OPENING_YEN - 10_000 - FEE_YEN
    assert bank.outside.pending_confirmations(COMPANY, at=jst(9, day=TOMORROW)) == []
    with pytest.raises(ImpossibleStep):
        bank.outside.confirm(apply_no, at=jst(9, 1, day=TOMORROW))


def test_an_approval_ends_a_cancel_that_waits() -> None:
    bank = make_bank(business_id=True)
    apply_no = request(bank, designated_date=TOMORROW).apply_no
    bank.change_customer(COMPANY, confirmation_required=True)
    bank.cancel_transfer(COMPANY, PAYER, apply_no, "1", at=NOON)

    events = bank.outside.approve(apply_no, at=NOON)

    assert [event.kind for event in events] == [Trigger.APPROVED_LATER, CANCEL_OVERTAKEN]
    assert codes(bank, apply_no) == ["11"]
    assert bank.cancel_transfer(COMPANY, PAYER, apply_no, "2", at=NOON).result_code == "2"


def test_a_cancel_is_in_time_until_nine_on_the_day() -> None:
    reached = REACH[S.RESERVED]()

    last = Reached(reached.bank, reached.apply_no, jst(8, 59, 59, day=TOMORROW))
    cancel(last)
    assert reached.bank.tick(at=jst(10, day=TOMORROW)) == []

    late = REACH[S.RESERVED]()
    with pytest.raises(CancelNotPossible):
        cancel(Reached(late.bank, late.apply_no, jst(9, day=TOMORROW)))


def test_a_number_of_nobody_or_of_another_account_is_unknown() -> None:
    reached = REACH[S.RESERVED]()

    for account_id, apply_no in ((PAYER, "2026040199999999"), (SIDE_ACCOUNT, reached.apply_no)):
        with pytest.raises(ApplyNoUnknown):
            reached.bank.cancel_transfer(COMPANY, account_id, apply_no, "2", at=NOON)
        with pytest.raises(ApplyNoUnknown):
            reached.bank.request_result(COMPANY, account_id, apply_no, at=NOON)
    with pytest.raises(ApplyNoUnknown):
        reached.bank.outside.confirm("2026040199999999", at=NOON)
