"""The pages on which a customer confirms requests, and an approver approves applications or sends them back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import Response, flash, request, url_for

from mock_gmo.bank.business_id import COMMENT_LENGTH_MAX, Verdict
from mock_gmo.bank.days import JAPAN
from mock_gmo.bank.outside_desk import OutsideDesk
from mock_gmo.bank.refusals import ImpossibleStep
from mock_gmo.bank.transfers import PendingApproval, PendingConfirmation
from mock_gmo.scenarios.scenario import Login
from mock_gmo.site import visit
from mock_gmo.site.pages import ask_to_log_in, page, redirect_to
from mock_gmo.site.surroundings import SiteWorld, WorldOf
from mock_gmo.site.texts import (
    APPROVALS,
    CONFIRMATIONS,
    DONE_TEXTS,
    NOT_APPROVABLE,
    NOT_WAITING,
    WRONG_TRANSACTION_PASSWORD,
    Text,
)
from mock_gmo.site.waiting import ToApprove, ToConfirm, to_approve, to_confirm

CONFLICT, UNAUTHORIZED = 409, 401
CONFIRMATIONS_PAGE, APPROVALS_PAGE = "site.confirmations", "site.approvals"


@dataclass(frozen=True, slots=True)
class Objection:
    """Why nothing was done: the words, and the order beside which they stand if it is still on the page."""

    status: int
    text: Text
    apply_no: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What an approver can do with an application, and which words tell that it is done."""

    step: Callable[..., object]
    done: str


DECISIONS: Final[dict[str, Decision]] = {
    "approve": Decision(OutsideDesk.approve, "approved"),
    "send-back": Decision(OutsideDesk.send_back, "sent_back"),
}


@dataclass(frozen=True, slots=True)
class Here:
    """Who looks at which bank, and when."""

    world: SiteWorld
    login: Login
    at: datetime

    @property
    def customer_id(self) -> str:
        """The customer that the visitor acts for."""
        return self.login.customer_id

    def unconfirmed(self) -> Sequence[PendingConfirmation]:
        """What waits for the visitor's confirmation."""
        return self.world.bank.outside.pending_confirmations(self.customer_id, at=self.at)

    def applied_for(self) -> Sequence[PendingApproval]:
        """What waits for approval in the visitor's company, whoever is to decide."""
        return self.world.bank.outside.pending_approvals(self.customer_id, at=self.at)

    def unapproved(self) -> Sequence[PendingApproval]:
        """What waits for the visitor's decision: nothing for a person who may only apply."""
        return self.applied_for() if self.login.user.may_decide else ()


class WaitingViews:
    """Two lists and what is done from them. Every step needs the transaction password and is the bank's alone."""

    def __init__(self, world_of: WorldOf) -> None:
        self._world_of = world_of

    def confirmations(self) -> Response:
        """Show what waits for confirmation."""
        here = self._here()
        return ask_to_log_in() if here is None else _confirmations_page(here)

    def confirm(self, apply_no: str) -> Response:
        """Confirm one request of the visitor's own."""
        here = self._here()
        if here is None:
            return ask_to_log_in()
        objection = _objection(here.login, apply_no, here.unconfirmed(), gone=NOT_WAITING)
        if objection is None:
            objection = _take(lambda: here.world.bank.outside.confirm(apply_no, at=here.at), gone=NOT_WAITING)
        if objection is not None:
            return _confirmations_page(here, objection)
        flash(apply_no, "confirmed_to_approver" if _has(here.applied_for(), apply_no) else "confirmed")
        return redirect_to(url_for(CONFIRMATIONS_PAGE))

    def approvals(self) -> Response:
        """Show what waits for approval."""
        here = self._here()
        return ask_to_log_in() if here is None else _approvals_page(here)

    def decide_approval(self, apply_no: str) -> Response:
        """Approve one application of the visitor's company, or send it back."""
        here = self._here()
        if here is None:
            return ask_to_log_in()
        decision = DECISIONS.get(request.form.get("decision", ""))
        comment = request.form.get("comment", "").strip() or None
        if decision is None or (comment is not None and len(comment) > COMMENT_LENGTH_MAX):
            raise visit.FormOutdated
        verdict = Verdict(here.login.user, comment)
        objection = _objection(here.login, apply_no, here.unapproved(), gone=NOT_APPROVABLE)
        if objection is None:
            objection = _take(
                lambda: decision.step(here.world.bank.outside, apply_no, verdict=verdict, at=here.at),
                gone=NOT_APPROVABLE,
            )
        if objection is not None:
            return _approvals_page(here, objection)
        flash(apply_no, decision.done)
        return redirect_to(url_for(APPROVALS_PAGE))

    # After a refusal the browser stands at the address of the form; whoever opens that again wants the list.

    def back_to_confirmations(self, **_path: str) -> Response:
        """Lead to the list of confirmations."""
        return redirect_to(url_for(CONFIRMATIONS_PAGE))

    def back_to_approvals(self, **_path: str) -> Response:
        """Lead to the list of approvals."""
        return redirect_to(url_for(APPROVALS_PAGE))

    def _here(self) -> Here | None:
        world = self._world_of()
        login = visit.who_is_here(world)
        return None if login is None else Here(world, login, world.clock.now())


def _objection(
    login: Login, apply_no: str, waiting: Sequence[PendingConfirmation | PendingApproval], *, gone: Text
) -> Objection | None:
    # Looked up among the visitor's own, so that nobody decides for somebody else.
    if not _has(waiting, apply_no):
        return Objection(CONFLICT, gone)
    if not login.transaction_password.matches(request.form.get("transaction_password", "")):
        return Objection(UNAUTHORIZED, WRONG_TRANSACTION_PASSWORD, apply_no)
    return None


def _take(step: Callable[[], object], *, gone: Text) -> Objection | None:
    # Somebody may have been quicker since the list was read.
    try:
        step()
    except ImpossibleStep:
        return Objection(CONFLICT, gone)
    return None


def _has(waiting: Sequence[PendingConfirmation | PendingApproval], apply_no: str) -> bool:
    return apply_no in [pending.apply_no for pending in waiting]


def _confirmations_page(here: Here, objection: Objection | None = None) -> Response:
    accounts = here.world.bank.accounts_of(here.customer_id)
    waiting = to_confirm(here.unconfirmed(), accounts=accounts, at=here.at)
    return _list_page(CONFIRMATIONS_PAGE, here, waiting=waiting, objection=objection)


def _approvals_page(here: Here, objection: Objection | None = None) -> Response:
    waiting = to_approve(here.unapproved(), accounts=here.world.bank.accounts_of(here.customer_id))
    return _list_page(APPROVALS_PAGE, here, waiting=waiting, objection=objection)


def _list_page(
    endpoint: str, here: Here, *, waiting: Sequence[ToConfirm | ToApprove], objection: Objection | None
) -> Response:
    return page(
        f"{endpoint.removeprefix('site.')}.html",
        status=200 if objection is None else objection.status,
        who=here.world.bank.get_customer(here.customer_id),
        lists=_lists(here),
        page_of=endpoint,
        now=here.at.astimezone(JAPAN),
        waiting=waiting,
        problem=objection.text if objection is not None else None,
        problem_of=objection.apply_no if objection is not None else None,
        done_texts=DONE_TEXTS,
    )


def _lists(here: Here) -> tuple[tuple[str, Text, int], ...]:
    """The lists to choose from and how much waits in each; none for a company without approvers and for applicants."""
    with_approver = here.world.bank.get_customer(here.customer_id).business_id_management
    # What was applied for before business-ID management was switched off keeps its course.
    if not (with_approver or here.unapproved()) or not here.login.user.may_decide:
        return ()
    return (
        (CONFIRMATIONS_PAGE, CONFIRMATIONS, len(here.unconfirmed())),
        (APPROVALS_PAGE, APPROVALS, len(here.unapproved())),
    )
