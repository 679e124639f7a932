"""The life of a bulk transfer: the state of the whole, what single lines do to it, steps line by line, cancels."""

from dataclasses import replace
from datetime import datetime
from itertools import product

import pytest

from mock_gmo.bank.bank import Bank
from mock_gmo.bank.bulk_states import BulkStatus, bulk_status
from mock_gmo.bank.execution import CANCEL_OVERTAKEN
from mock_gmo.bank.refusals import ApplyNoUnknown, CancelNotPossible, ImpossibleStep
from mock_gmo.bank.states import MOVES, TransferStatus
from mock_gmo.bank.transfers import TransferKind
from tests.unit.bank.building import (
    COMPANY,
    FEE_YEN,
    NOON,
    OPENING_YEN,
    PAYER,
    RECALL_FEE_YEN,
    TOMORROW,
    balance,
    codes,
    jst,
    later,
    make_bank,
    request,
    result_code,
    to_neighbour,
)
from tests.unit.bank.bulk_building import ask, bulk_code, make_bulk_line, request_bulk
from tests.unit.bank.fingerprint import fingerprint

S, B = TransferStatus, BulkStatus
BULK = TransferKind.BULK
SETTLED_AT = later(NOON, seconds=30)

# Lines of one application and what they make of it. A pair stands for any number of lines in those states.
STATES: dict[tuple[TransferStatus, ...], BulkStatus | None] = {
    (S.REQUESTED,): None,
    (S.LAPSED,): None,
    (S.APPLIED,): B.APPLIED,
    (S.SENT_BACK,): B.SENT_BACK,
    (S.WITHDRAWN,): B.WITHDRAWN,
    (S.EXPIRED,): B.EXPIRED,
    (S.CANCELLED,): B.CANCELLED,
    (S.RESERVED,): B.RESERVED,
    (S.IN_PROCESS,): B.IN_PROCESS,
    (S.RETRYING,): B.RETRYING,
    (S.SETTLED,): B.SETTLED,
    (S.FUNDS_RETURNED,): B.PARTLY_FAILED,
    (S.RECALL_IN_PROCESS,): B.PARTLY_FAILED,
    (S.RECALLED,): B.PARTLY_FAILED,
    (S.RECALL_REFUSED,): B.PARTLY_FAILED,
    (S.NOT_EXECUTED,): B.NOT_EXECUTED,
    (S.IN_PROCESS, S.SETTLED): B.IN_PROCESS,
    (S.IN_PROCESS, S.FUNDS_RETURNED): B.IN_PROCESS,
    (S.IN_PROCESS, S.NOT_EXECUTED): B.IN_PROCESS,
    (S.SETTLED, S.NOT_EXECUTED): B.PARTLY_FAILED,
    (S.SETTLED, S.FUNDS_RETURNED): B.PARTLY_FAILED,
    (S.SETTLED, S.RECALL_IN_PROCESS): B.PARTLY_FAILED,
    (S.SETTLED, S.RECALLED): B.PARTLY_FAILED,
    (S.SETTLED, S.RECALL_REFUSED): B.PARTLY_FAILED,
    (S.NOT_EXECUTED, S.FUNDS_RETURNED): B.PARTLY_FAILED,
}


def three_lines(bank: Bank, *, at: datetime = NOON, **changes: object) -> str:
    """Two lines to another bank, numbers 1 and 3, and one to a neighbour, number 2."""
    lines = (make_bulk_line(1), to_neighbour(item_id="2"), make_bulk_line(3))
    return request_bulk(bank, *lines, at=at, **changes).apply_no


def settled() -> tuple[Bank, str]:
    bank = make_bank()
    apply_no = three_lines(bank)
    bank.tick(at=SETTLED_AT)
    return bank, apply_no


@pytest.mark.parametrize("states", list(STATES), ids=lambda states: "+".join(state.label for state in states))
def test_the_states_of_the_lines_make_that_of_the_whole_in_any_order(states: tuple[TransferStatus, ...]) -> None:
    bank = make_bank(confirmation=True)
    apply_no = three_lines(bank)
    application = bank._state.applications[apply_no]

    for order in product(states, repeat=len(application.lines)):
        if set(order) == set(states):
            lines = tuple(replace(line, status=status) for line, status in zip(application.lines, order, strict=True))
            assert bulk_status(replace(application, lines=lines)) is STATES[states]


def test_every_state_of_a_line_has_its_row() -> None:
    assert {states[0] for states in STATES if len(states) == 1} == set(TransferStatus)
    assert {move.target for move in MOVES} == set(TransferStatus)


def test_a_bulk_transfer_is_in_process_until_the_last_line_is_done() -> None:
    bank = make_bank()
    apply_no = three_lines(bank)

    assert bulk_code(bank, apply_no) == "12"
    assert balance(bank) == OPENING_YEN - 30_000 - 2 * FEE_YEN
    bank.tick(at=SETTLED_AT)
    assert bulk_code(bank, apply_no, at=SETTLED_AT) == "20"
    assert bank.check_books().sum_yen == 0


def test_one_line_that_cannot_be_credited_makes_it_30_and_brings_its_amount_back() -> None:
    bank, apply_no = settled()
    before = balance(bank)

    events = bank.outside.return_funds(apply_no, item_id="3", at=SETTLED_AT)

    assert [(event.item_id, event.detail) for event in events] == [("3", "資金返却")]
    assert bulk_code(bank, apply_no) == "30"
    assert balance(bank) - before == 10_000
    came_back = {payment.item_id: payment.came_back_yen for payment in bank.payments()}
    assert came_back == {"1": 0, "2": 0, "3": 10_000}


def test_a_recall_of_one_line_makes_it_30_for_good_whatever_the_beneficiary_says() -> None:
    bank, apply_no = settled()
    before = balance(bank)

    bank.outside.recall(apply_no, item_id="1", at=SETTLED_AT)
    assert (bulk_code(bank, apply_no), balance(bank) - before) == ("30", -RECALL_FEE_YEN)
    bank.outside.recall_refuse(apply_no, item_id="1", at=SETTLED_AT)
    assert bulk_code(bank, apply_no) == "30"
    bank.outside.recall(apply_no, item_id="2", at=SETTLED_AT)
    bank.outside.recall_agree(apply_no, item_id="2", at=SETTLED_AT)
    assert bulk_code(bank, apply_no) == "30"
    assert balance(bank) - before == 10_000 - 2 * RECALL_FEE_YEN


def test_a_line_that_fails_at_once_gets_amount_and_fee_back_and_all_of_them_make_it_40() -> None:
    bank = make_bank()
    lines = (make_bulk_line(1), make_bulk_line(2))
    apply_no = request_bulk(bank, *lines).apply_no

    bank.outside.fail(apply_no, item_id="2", at=NOON)
    assert bulk_code(bank, apply_no) == "12"
    bank.outside.fail(apply_no, item_id="1", at=NOON)

    assert (bulk_code(bank, apply_no), balance(bank)) == ("40", OPENING_YEN)


def test_a_step_for_a_line_that_is_not_there_or_not_in_that_state_is_impossible() -> None:
    bank, apply_no = settled()
    bank.outside.return_funds(apply_no, item_id="3", at=SETTLED_AT)
    before = fingerprint(bank)

    for item_id in ("3", "4", "03"):
        with pytest.raises(ImpossibleStep):
            bank.outside.return_funds(apply_no, item_id=item_id, at=SETTLED_AT)
    assert fingerprint(bank) == before


def test_a_bulk_transfer_waits_for_its_holder_unseen_and_dies_after_ten_minutes() -> None:
    bank = make_bank(confirmation=True)
    apply_no = three_lines(bank, data_name="4月分")

    (pending,) = bank.outside.pending_confirmations(COMPANY, at=NOON)
    assert (pending.transfer_kind, pending.data_name, pending.line_count) == (BULK, "4月分", 3)
    assert (bulk_code(bank, apply_no), result_code(bank, apply_no)) == (None, "2")
    bank.tick(at=later(NOON, minutes=10))
    assert (bulk_code(bank, apply_no), result_code(bank, apply_no, at=later(NOON, minutes=10))) == (None, "8")
    assert balance(bank) == OPENING_YEN


def test_an_unfunded_day_lets_the_whole_retry_and_at_last_fail() -> None:
    bank = make_bank(opening_yen=30_000)
    apply_no = three_lines(bank, designated_date=TOMORROW)
    assert bulk_code(bank, apply_no) == "11"

    bank.tick(at=jst(9, day=TOMORROW))
    assert bulk_code(bank, apply_no) == "13"
    bank.tick(at=jst(18, day=TOMORROW))
    assert (bulk_code(bank, apply_no), balance(bank)) == ("40", 30_000)


def test_an_approver_sees_and_approves_a_bulk_transfer() -> None:
    bank = make_bank(business_id=True)
    apply_no = three_lines(bank, data_name="4月分", apply_comment="確認")

    (pending,) = bank.outside.pending_approvals(COMPANY, at=NOON)
    assert (pending.transfer_kind, pending.data_name, pending.apply_comment) == (BULK, "4月分", "確認")
    assert bulk_code(bank, apply_no) == "2"
    bank.outside.approve(apply_no, at=NOON)
    assert bulk_code(bank, apply_no) == "12"


# Business-ID management, state, class asked at which operation: the state that follows, or None for a refusal.
CANCELS: dict[tuple[bool, str, str, TransferKind], str | None] = {
    (with_business_id, state, cancel_class, kind): None
    for with_business_id in (False, True)
    for state in ("11", "2", "12")
    for cancel_class in "1234"
    for kind in TransferKind
    if with_business_id or state != "2"
} | {
    (False, "11", "4", BULK): "8",
    (True, "11", "4", BULK): "8",
    (True, "2", "3", BULK): "4",
}


def bulk_in_state(state: str, *, with_business_id: bool, **rules: object) -> tuple[Bank, str]:
    bank = make_bank(business_id=with_business_id, rules=rules)
    apply_no = three_lines(bank, **({"designated_date": TOMORROW} if state == "11" else {}))
    if with_business_id and state != "2":
        bank.outside.approve(apply_no, at=NOON)
    assert bulk_code(bank, apply_no) == state
    return bank, apply_no


@pytest.mark.parametrize(("with_business_id", "state", "cancel_class", "kind"), list(CANCELS), ids=str)
def test_a_cancel_takes_hold_only_at_its_operation_with_its_class_and_in_its_state(
    with_business_id: bool, state: str, cancel_class: str, kind: TransferKind
) -> None:
    bank, apply_no = bulk_in_state(state, with_business_id=with_business_id)
    before = fingerprint(bank)

    expected = CANCELS[with_business_id, state, cancel_class, kind]
    if expected is None:
        with pytest.raises(CancelNotPossible):
            bank.cancel_transfer(COMPANY, PAYER, apply_no, cancel_class, kind=kind, at=NOON)
        assert fingerprint(bank) == before
    else:
        assert bank.cancel_transfer(COMPANY, PAYER, apply_no, cancel_class, kind=kind, at=NOON).result_code == "1"
        assert bulk_code(bank, apply_no) == expected


def test_the_operation_for_single_transfers_takes_bulk_cancels_when_a_setting_says_so() -> None:
    bank, apply_no = bulk_in_state("11", with_business_id=False, bulk_cancel_under_transfer=True)

    with pytest.raises(CancelNotPossible):
        bank.cancel_transfer(COMPANY, PAYER, apply_no, "2", at=NOON)
    bank.cancel_transfer(COMPANY, PAYER, apply_no, "4", at=NOON)

    assert bulk_code(bank, apply_no) == "8"


def test_the_operation_for_bulk_transfers_cancels_no_single_one() -> None:
    bank = make_bank(rules={"bulk_cancel_under_transfer": True})
    apply_no = request(bank, designated_date=TOMORROW).apply_no

    for cancel_class in "1234":
        with pytest.raises(CancelNotPossible):
            bank.cancel_transfer(COMPANY, PAYER, apply_no, cancel_class, kind=BULK, at=NOON)
    assert codes(bank, apply_no) == ["11"]


def test_a_cancel_that_waits_ends_when_the_day_comes_first() -> None:
    bank = make_bank(confirmation=True)
    apply_no = three_lines(bank, designated_date=TOMORROW)
    bank.outside.confirm(apply_no, at=NOON)
    asked_at = jst(8, 55, day=TOMORROW)
    bank.cancel_transfer(COMPANY, PAYER, apply_no, "4", kind=BULK, at=asked_at)
    with pytest.raises(CancelNotPossible):
        bank.cancel_transfer(COMPANY, PAYER, apply_no, "4", kind=BULK, at=asked_at)

    events = bank.tick(at=jst(9, day=TOMORROW))

    assert CANCEL_OVERTAKEN in [event.kind for event in events]
    assert bulk_code(bank, apply_no, at=jst(9, day=TOMORROW)) == "12"


def test_request_results_of_bulk_transfers_are_told_under_both_names_and_single_ones_under_one() -> None:
    bank = make_bank()
    bulk, single = three_lines(bank), request(bank).apply_no

    assert bank.request_result(COMPANY, PAYER, bulk, at=NOON) == bank.request_result(
        COMPANY, PAYER, bulk, kind=BULK, at=NOON
    )
    with pytest.raises(ApplyNoUnknown):
        bank.request_result(COMPANY, PAYER, single, kind=BULK, at=NOON)
    assert ask(bank, single).items == ()
