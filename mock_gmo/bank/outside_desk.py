"""The desk for what happens outside the API: on the bank's own site, at other banks, by hand of the control surface.

One method a command or inquiry, under the bank's lock, `at` named by the caller. The steps are in simulation.py.
"""

from datetime import datetime

from mock_gmo.bank.beneficiaries import Beneficiary
from mock_gmo.bank.business_id import Verdict
from mock_gmo.bank.deposits import Deposit, PayingBank, book_deposit
from mock_gmo.bank.desk import Desk
from mock_gmo.bank.postings import StatementLine
from mock_gmo.bank.requests import pending_approvals, pending_confirmation
from mock_gmo.bank.simulation import Step, possible_steps, take_step
from mock_gmo.bank.state import Moment
from mock_gmo.bank.states import TransferStatus
from mock_gmo.bank.transfers import Event, PendingApproval, PendingConfirmation

NOBODY = Verdict()


class OutsideDesk(Desk):
    """What holders, approvers, beneficiaries and other banks do. A refusal changes nothing."""

    def pending_confirmations(self, customer_id: str, *, at: datetime) -> list[PendingConfirmation]:
        """Return the requests that wait for that holder and whose limit lies ahead, oldest first."""
        with self._lock:
            applications = (self._state.applications[apply_no] for apply_no in self._state.waiting)
            pending = [
                pending_confirmation(application)
                for application in applications
                if application.customer_id == customer_id
            ]
        return [request for request in pending if request.expires_at > at]

    def pending_approvals(self, customer_id: str, *, at: datetime) -> list[PendingApproval]:
        """Return the applications that wait for that customer's approver and whose day has not passed, oldest first."""
        with self._lock:
            return pending_approvals(self._state, customer_id, at=at)

    def possible_steps(self, apply_no: str) -> tuple[Step, ...]:
        """Return the steps outside the API that fit an application now. Raises ApplyNoUnknown."""
        with self._lock:
            return possible_steps(self._state, self._state.get_application(apply_no))

    def confirm(self, apply_no: str, *, at: datetime) -> list[Event]:
        """The holder confirms what waits: the transfer, or its cancel. Raises ApplyNoUnknown, ImpossibleStep."""
        return self._step(Step.CONFIRM, apply_no, at=at)

    def approve(self, apply_no: str, *, verdict: Verdict = NOBODY, at: datetime) -> list[Event]:
        """The approver agrees. Raises ApplyNoUnknown, ImpossibleStep, NotAnApprover."""
        return self._decide(Step.APPROVE, apply_no, verdict, at=at)

    def send_back(self, apply_no: str, *, verdict: Verdict = NOBODY, at: datetime) -> list[Event]:
        """The approver sends the application back. Raises ApplyNoUnknown, ImpossibleStep, NotAnApprover."""
        return self._decide(Step.SEND_BACK, apply_no, verdict, at=at)

    def withdraw(self, apply_no: str, *, at: datetime) -> list[Event]:
        """The holder withdraws an application or cancels a reservation on the site. Raises as above."""
        return self._step(Step.WITHDRAW, apply_no, at=at)

    def fail(self, apply_no: str, *, item_id: str | None = None, at: datetime) -> list[Event]:
        """The other bank refuses what is in process: amount and fee come back. Raises as above."""
        return self._step(Step.FAIL, apply_no, item_id=item_id, at=at)

    def return_funds(self, apply_no: str, *, item_id: str | None = None, at: datetime) -> list[Event]:
        """The other bank cannot credit what is settled: the amount comes back, the fee does not. Raises as above."""
        return self._step(Step.RETURN_FUNDS, apply_no, item_id=item_id, at=at)

    def recall(self, apply_no: str, *, item_id: str | None = None, at: datetime) -> list[Event]:
        """The holder asks for a recall, which costs its fee. Raises as above, also when the fee is not there."""
        return self._step(Step.RECALL, apply_no, item_id=item_id, at=at)

    def recall_agree(self, apply_no: str, *, item_id: str | None = None, at: datetime) -> list[Event]:
        """The beneficiary agrees: the amount comes back. Raises as above."""
        return self._step(Step.RECALL_AGREE, apply_no, item_id=item_id, at=at)

    def recall_refuse(self, apply_no: str, *, item_id: str | None = None, at: datetime) -> list[Event]:
        """The beneficiary keeps the money. Raises as above."""
        return self._step(Step.RECALL_REFUSE, apply_no, item_id=item_id, at=at)

    def list_beneficiary(self, beneficiary: Beneficiary) -> None:
        """Enter an account at another bank, whose conduct decides what becomes of transfers debited from now on.

        Raises ValueError when the account is listed already.
        """
        with self._lock:
            if beneficiary.account in self._state.beneficiaries:
                raise ValueError(f"beneficiary {beneficiary.account} is listed already")
            self._state.beneficiaries[beneficiary.account] = beneficiary

    def beneficiaries(self) -> list[Beneficiary]:
        """Return the beneficiary directory in the order in which it was entered."""
        with self._lock:
            return list(self._state.beneficiaries.values())

    def deposit(
        self,
        account_id: str,
        *,
        amount_yen: int,
        remitter_name: str,
        edi_info: str | None = None,
        paying_bank: PayingBank | None = None,
        at: datetime,
    ) -> StatementLine:
        """Book an incoming transfer; returns its statement line.

        Raises AccountNotUsable, ForbiddenCharacterInText, and ValueError for an amount out of range.
        """
        deposit = Deposit(amount_yen, remitter_name, edi_info, paying_bank)
        with self._lock:
            self._let_fall_due(at)
            return book_deposit(self._state, self._state.get_account(account_id), deposit, at=at)

    def _decide(self, step: Step, apply_no: str, verdict: Verdict, *, at: datetime) -> list[Event]:
        with self._lock:
            self._let_fall_due(at)
            application = self._state.get_application(apply_no)
            verdict.require_right(application.customer_id)
            if application.stage is TransferStatus.APPLIED:
                user = verdict.user.name if verdict.user is not None else None
                self._state.keep(application, approval_user=user, approval_comment=verdict.comment)
            return self._step(step, apply_no, at=at)

    def _step(self, step: Step, apply_no: str, *, at: datetime, item_id: str | None = None) -> list[Event]:
        with self._lock:
            self._let_fall_due(at)
            moment = Moment(at)
            take_step(self._state, self._state.get_application(apply_no), step, moment, item_id=item_id)
            return moment.events
