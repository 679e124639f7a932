"""What other banks and beneficiaries answer, and when: each answer is entered in the agenda when it is asked for.

An answer that comes up for a line that has moved on is stale and does nothing, so whatever a person does at the desk
outside the API comes first. The directory itself is in beneficiaries.py. Source: lifecycle, "Moves".
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from mock_gmo.bank.agenda import Answer, DueKind
from mock_gmo.bank.beneficiaries import ANSWERING_RECALLS, Beneficiary, Conduct, account_key
from mock_gmo.bank.checks import NAME_LENGTHS_MAX
from mock_gmo.bank.days import civil_date, instant
from mock_gmo.bank.state import BankState
from mock_gmo.bank.states import TransferStatus, Trigger
from mock_gmo.bank.transfers import Application, Line, TransferKind

# Each answer: when it is done among things of one instant, and the state that it finds the line in.
ANSWERS: dict[Trigger, tuple[DueKind, TransferStatus]] = {
    Trigger.CREDITED: (DueKind.SETTLEMENT, TransferStatus.IN_PROCESS),
    Trigger.REFUSED_AT_ONCE: (DueKind.SETTLEMENT, TransferStatus.IN_PROCESS),
    Trigger.COULD_NOT_CREDIT: (DueKind.FUNDS_RETURN, TransferStatus.SETTLED),
    Trigger.RECALL_AGREED: (DueKind.RECALL_ANSWER, TransferStatus.RECALL_IN_PROCESS),
    Trigger.RECALL_DECLINED: (DueKind.RECALL_ANSWER, TransferStatus.RECALL_IN_PROCESS),
}

RECALL_ANSWERS = {Conduct.AGREES_RECALL: Trigger.RECALL_AGREED, Conduct.REFUSES_RECALL: Trigger.RECALL_DECLINED}


def find_beneficiary(state: BankState, line: Line) -> Beneficiary | None:
    """Return the entry for the account that a line goes to, or None when it is not listed."""
    key = account_key(line.bank.code, line.branch.code, line.account_type, line.account_number)
    return state.beneficiaries.get(key)


def expect_answers(state: BankState, application: Application, lines: Iterable[Line], *, at: datetime) -> None:
    """Enter what the other banks will answer to lines that were debited and sent to them at that instant."""
    expected: dict[tuple[datetime, Trigger], list[str]] = defaultdict(list)
    for line in lines:
        for due, trigger in _course(state, application.kind, line, at=at):
            expected[due, trigger].append(line.item_id)
    _enter(state, application, expected)


def expect_recall_answers(state: BankState, application: Application, lines: Iterable[Line], *, at: datetime) -> None:
    """Enter what listed beneficiaries will answer to a recall that was asked for at that instant."""
    expected: dict[tuple[datetime, Trigger], list[str]] = defaultdict(list)
    for line in lines:
        beneficiary = find_beneficiary(state, line)
        if beneficiary is not None and beneficiary.conduct in ANSWERING_RECALLS:
            due = _after(beneficiary, state.rules.recall_answer_seconds, at=at)
            expected[due, RECALL_ANSWERS[beneficiary.conduct]].append(line.item_id)
    _enter(state, application, expected)


def still_expected(application: Application, answer: Answer) -> frozenset[str]:
    """Return the lines of an answer that are still in the state that it speaks of."""
    _, source = ANSWERS[answer.trigger]
    return frozenset(item_id for item_id in answer.item_ids if application.line(item_id).status is source)


def _course(state: BankState, kind: TransferKind, line: Line, *, at: datetime) -> tuple[tuple[datetime, Trigger], ...]:
    settled_at = at + timedelta(seconds=state.rules.settle_interbank_seconds)
    beneficiary = find_beneficiary(state, line)
    if beneficiary is None:
        return ((settled_at, Trigger.CREDITED),)
    if beneficiary.conduct is Conduct.REFUSES:
        return ((_after(beneficiary, state.rules.settle_interbank_seconds, at=at), Trigger.REFUSED_AT_ONCE),)
    if beneficiary.conduct is Conduct.SLOW:
        settled_at = _late(state, beneficiary, at=at)
    _, length_max = NAME_LENGTHS_MAX[kind]
    if not beneficiary.returns(line.beneficiary_name, length_max=length_max):
        return ((settled_at, Trigger.CREDITED),)
    return ((settled_at, Trigger.CREDITED), (_returned_at(state, beneficiary, settled_at), Trigger.COULD_NOT_CREDIT))


def _late(state: BankState, beneficiary: Beneficiary, *, at: datetime) -> datetime:
    if beneficiary.after_seconds is not None:
        return at + timedelta(seconds=beneficiary.after_seconds)
    next_day = state.calendar.next_business_day(civil_date(at))
    return instant(next_day, state.rules.reserved_execution_time)


def _returned_at(state: BankState, beneficiary: Beneficiary, settled_at: datetime) -> datetime:
    """A slow bank takes its own time to settle; the return after it takes that of the rules."""
    if beneficiary.conduct is Conduct.SLOW:
        return settled_at + timedelta(seconds=state.rules.funds_return_seconds)
    return _after(beneficiary, state.rules.funds_return_seconds, at=settled_at)


def _after(beneficiary: Beneficiary, seconds: int, *, at: datetime) -> datetime:
    own = beneficiary.after_seconds
    return at + timedelta(seconds=own if own is not None else seconds)


def _enter(state: BankState, application: Application, expected: dict[tuple[datetime, Trigger], list[str]]) -> None:
    for (due, trigger), item_ids in expected.items():
        kind, _ = ANSWERS[trigger]
        state.agenda.add(due, kind, Answer(application.apply_no, tuple(item_ids), trigger))
