"""The states of a transfer and of a bulk application, cell by cell: wire codes, Japanese names, moves, money."""

import pytest

from mock_gmo.bank.bulk_states import BEFORE_DEBIT, WHEN_ALL, BulkStatus
from mock_gmo.bank.states import (
    APPLICATIONS_ONLY,
    APPLY_STATUS,
    APPROVED,
    AUTO_APPROVED,
    MOVES,
    PAID,
    PLANNED,
    IllegalMove,
    Money,
    TransferStatus,
    Trigger,
    find_move,
)

S, B = TransferStatus, BulkStatus

# state: wire code, name, state of the application record
TOLD: dict[TransferStatus, tuple[str | None, str, str | None]] = {
    S.REQUESTED: (None, "依頼中", None),
    S.LAPSED: (None, "依頼期限切", None),
    S.APPLIED: ("2", "申請中", "1"),
    S.SENT_BACK: ("3", "差戻", "2"),
    S.WITHDRAWN: ("4", "取下げ", "3"),
    S.EXPIRED: ("5", "期限切れ", "4"),
    S.CANCELLED: ("8", "承認取消/予約取消", "6"),
    S.RESERVED: ("11", "予約中", "5"),
    S.IN_PROCESS: ("12", "手続中", "5"),
    S.RETRYING: ("13", "リトライ中", "5"),
    S.SETTLED: ("20", "手続済", "5"),
    S.FUNDS_RETURNED: ("22", "資金返却", "5"),
    S.RECALL_IN_PROCESS: ("24", "組戻手続中", "5"),
    S.RECALLED: ("25", "組戻済", "5"),
    S.RECALL_REFUSED: ("26", "組戻不成立", "5"),
    S.NOT_EXECUTED: ("40", "手続不成立", "5"),
}

BULK_TOLD = {
    B.APPLIED: ("2", "申請中"),
    B.SENT_BACK: ("3", "差戻"),
    B.WITHDRAWN: ("4", "取下げ"),
    B.EXPIRED: ("5", "期限切れ"),
    B.CANCELLED: ("8", "承認取消/予約取消"),
    B.RESERVED: ("11", "予約中"),
    B.IN_PROCESS: ("12", "手続中"),
    B.RETRYING: ("13", "リトライ中"),
    B.SETTLED: ("20", "手続済"),
    B.PARTLY_FAILED: ("30", "不能・組戻あり"),
    B.NOT_EXECUTED: ("40", "手続不成立"),
}

# from, trigger as events tell it, to, money
EVERY_MOVE = """
- request_accepted REQUESTED NONE
REQUESTED confirmation_limit_passed LAPSED NONE
REQUESTED confirmed_to_approver APPLIED NONE
REQUESTED confirmed_today IN_PROCESS DEBIT
REQUESTED confirmed_later RESERVED NONE
APPLIED approved_today IN_PROCESS DEBIT
APPLIED approved_later RESERVED NONE
APPLIED sent_back SENT_BACK NONE
APPLIED withdrawn WITHDRAWN NONE
APPLIED day_passed_without_approval EXPIRED NONE
RESERVED cancelled CANCELLED NONE
RESERVED day_came IN_PROCESS DEBIT
RESERVED day_came_unfunded RETRYING NONE
RETRYING retried IN_PROCESS DEBIT
RETRYING last_try_failed NOT_EXECUTED NONE
IN_PROCESS credited SETTLED NONE
IN_PROCESS refused_at_once NOT_EXECUTED AMOUNT_AND_FEE_BACK
SETTLED could_not_credit FUNDS_RETURNED AMOUNT_BACK
SETTLED recall_asked RECALL_IN_PROCESS RECALL_FEE
RECALL_IN_PROCESS recall_agreed RECALLED AMOUNT_BACK
RECALL_IN_PROCESS recall_declined RECALL_REFUSED NONE
"""


@pytest.mark.parametrize("status", TOLD, ids=lambda status: status.name)
def test_a_state_is_told_by_its_code_and_its_name(status: TransferStatus) -> None:
    code, label, apply_status = TOLD[status]

    assert (status.code, status.label, APPLY_STATUS.get(status)) == (code, label, apply_status)
    assert status.is_visible is (code is not None)


def test_an_approval_is_told_apart_from_one_that_nobody_gave() -> None:
    assert (APPROVED, AUTO_APPROVED) == ("5", "7")


def test_no_state_is_forgotten() -> None:
    assert list(TOLD) == list(TransferStatus)
    assert list(BULK_TOLD) == list(BulkStatus)


@pytest.mark.parametrize("status", BULK_TOLD, ids=lambda status: status.name)
def test_a_state_of_the_whole_is_told_by_its_code_and_its_name(status: BulkStatus) -> None:
    assert (status.code, status.label) == BULK_TOLD[status]


def test_the_moves_are_these_and_no_others() -> None:
    written = [
        f"{move.source.name if move.source else '-'} {move.trigger} {move.target.name} {move.money.name}"
        for move in MOVES
    ]

    assert written == EVERY_MOVE.split("\n")[1:-1]


def test_the_trigger_of_a_move_finds_its_row_and_any_other_is_a_bug_that_names_both() -> None:
    for move in MOVES:
        assert find_move(move.source, move.trigger) is move
    with pytest.raises(IllegalMove, match="credited does not happen in RESERVED"):
        find_move(S.RESERVED, Trigger.CREDITED)
    with pytest.raises(IllegalMove, match="credited does not happen in no state"):
        find_move(None, Trigger.CREDITED)


def test_every_trigger_leads_somewhere() -> None:
    assert {move.trigger for move in MOVES} == set(Trigger)


def test_what_a_move_does_to_the_account_is_told_in_words() -> None:
    assert [money.value for money in Money] == [
        "nothing",
        "amount and fee debited",
        "amount and fee credited back",
        "amount credited back, fee kept",
        "recall fee debited",
    ]


def test_what_is_planned_what_was_paid_and_what_only_applications_know() -> None:
    assert {S.APPLIED, S.RESERVED, S.RETRYING} == PLANNED
    assert {S.IN_PROCESS, S.SETTLED, S.FUNDS_RETURNED, S.RECALL_IN_PROCESS, S.RECALLED, S.RECALL_REFUSED} == PAID
    assert {S.APPLIED, S.SENT_BACK, S.WITHDRAWN, S.EXPIRED} == APPLICATIONS_ONLY


def test_a_bulk_application_is_told_like_its_lines_before_the_debit_and_when_all_ended_alike() -> None:
    told = {line.name: whole.name for line, whole in {**BEFORE_DEBIT, **WHEN_ALL}.items()}

    assert told == {name: name for name in told}
    assert sorted(told) == sorted(BulkStatus.__members__.keys() - {"IN_PROCESS", "PARTLY_FAILED"})
    assert set(WHEN_ALL) == {S.SETTLED, S.NOT_EXECUTED}
