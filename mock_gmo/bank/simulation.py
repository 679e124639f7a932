"""What people outside the API do to a transfer: its holder, the approver, the other bank, the beneficiary.

The steps that fit a state are read from the table of moves, so that a refusal can name them.
"""

from collections import Counter
from collections.abc import Callable
from enum import StrEnum

from mock_gmo.bank.answers import expect_recall_answers
from mock_gmo.bank.execution import finish_cancel, finish_confirmation, move, start
from mock_gmo.bank.postings import OUTSIDE
from mock_gmo.bank.refusals import ImpossibleStep
from mock_gmo.bank.state import BankState, Moment
from mock_gmo.bank.states import TransferStatus, Trigger
from mock_gmo.bank.transfers import Application, Line, RequestKind, ResultCode


class Step(StrEnum):
    """A step, by the name that the control surface gives it."""

    CONFIRM = "confirm"
    APPROVE = "approve"
    SEND_BACK = "send-back"
    WITHDRAW = "withdraw"
    FAIL = "fail"
    RETURN_FUNDS = "return-funds"
    RECALL = "recall"
    RECALL_AGREE = "recall-agree"
    RECALL_REFUSE = "recall-refuse"


# Steps for the whole application, with the states that they start from.
WHOLE_STEPS: dict[Step, frozenset[TransferStatus]] = {
    Step.APPROVE: frozenset({TransferStatus.APPLIED}),
    Step.SEND_BACK: frozenset({TransferStatus.APPLIED}),
    Step.WITHDRAW: frozenset({TransferStatus.APPLIED, TransferStatus.RESERVED}),
}

# Steps for single lines, with the state that they start from and the move that they trigger.
LINE_STEPS: dict[Step, tuple[TransferStatus, Trigger]] = {
    Step.FAIL: (TransferStatus.IN_PROCESS, Trigger.REFUSED_AT_ONCE),
    Step.RETURN_FUNDS: (TransferStatus.SETTLED, Trigger.COULD_NOT_CREDIT),
    Step.RECALL: (TransferStatus.SETTLED, Trigger.RECALL_ASKED),
    Step.RECALL_AGREE: (TransferStatus.RECALL_IN_PROCESS, Trigger.RECALL_AGREED),
    Step.RECALL_REFUSE: (TransferStatus.RECALL_IN_PROCESS, Trigger.RECALL_DECLINED),
}


def possible_steps(state: BankState, application: Application) -> tuple[Step, ...]:
    """Return the steps that fit the application now, in the order of Step."""
    return tuple(step for step in Step if _is_possible(state, application, step))


def take_step(
    state: BankState, application: Application, step: Step, moment: Moment, *, item_id: str | None = None
) -> None:
    """Do a step: to the whole application, or to the line named by `item_id`, or to all lines that it fits.

    Raises ImpossibleStep, which names the steps that fit, and then nothing has changed.
    """
    if step in LINE_STEPS:
        lines = _lines_for(state, application, step, item_id=item_id)
        if not lines:
            raise _impossible(state, application, step)
        application = move(state, application, LINE_STEPS[step][1], moment, only=frozenset(lines))
        if step is Step.RECALL:
            recalled = (application.line(item_id) for item_id in lines)
            expect_recall_answers(state, application, recalled, at=moment.at)
        return
    if not _is_possible(state, application, step):
        raise _impossible(state, application, step)
    _WHOLE[step](state, application, moment)


def _is_possible(state: BankState, application: Application, step: Step) -> bool:
    if step in LINE_STEPS:
        return bool(_lines_for(state, application, step))
    if step is Step.CONFIRM:
        return application.request.result is ResultCode.WAITING
    return application.stage in WHOLE_STEPS[step]


def _lines_for(state: BankState, application: Application, step: Step, *, item_id: str | None = None) -> list[str]:
    """Return the lines that a step would move; money that a step needs must be there for each of them."""
    source, _ = LINE_STEPS[step]
    found: list[str] = []
    needed: Counter[str] = Counter()
    for line in application.lines:
        if line.status is not source or item_id not in (None, line.item_id):
            continue
        if step is Step.RETURN_FUNDS and line.paid_to != OUTSIDE:
            continue  # the money reached an account kept here; only a recall gets it back
        payer, yen = _cost(state, application, line, step)
        if payer == OUTSIDE or state.withdrawable_yen(payer) >= needed[payer] + yen:
            needed[payer] += yen
            found.append(line.item_id)
    return found


def _cost(state: BankState, application: Application, line: Line, step: Step) -> tuple[str, int]:
    """Return who has to have how many yen for the step."""
    match step:
        case Step.RECALL:
            return application.account_id, state.rules.fees.recall_yen
        case Step.RECALL_AGREE:
            return line.paid_to, line.amount_yen
    return OUTSIDE, 0


def _impossible(state: BankState, application: Application, step: Step) -> ImpossibleStep:
    return ImpossibleStep(step, possible=possible_steps(state, application))


def _confirm(state: BankState, application: Application, moment: Moment) -> None:
    if application.request.kind is RequestKind.CANCEL:
        finish_cancel(state, application, moment)
    else:
        finish_confirmation(state, application, moment)


def _approve(state: BankState, application: Application, moment: Moment) -> None:
    start(state, application, moment, today=Trigger.APPROVED_TODAY, later=Trigger.APPROVED_LATER)


def _send_back(state: BankState, application: Application, moment: Moment) -> None:
    move(state, application, Trigger.SENT_BACK, moment)


def _withdraw(state: BankState, application: Application, moment: Moment) -> None:
    applied = application.stage is TransferStatus.APPLIED
    move(state, application, Trigger.WITHDRAWN if applied else Trigger.CANCELLED, moment)


_WHOLE: dict[Step, Callable[[BankState, Application, Moment], None]] = {
    Step.CONFIRM: _confirm,
    Step.APPROVE: _approve,
    Step.SEND_BACK: _send_back,
    Step.WITHDRAW: _withdraw,
}
