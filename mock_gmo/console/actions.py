"""What each call of the control surface does: it moves the clock, takes steps outside the API, tells the truth.

Everything goes through the same commands as the bank's own sites; no state is ever set directly.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Final

from mock_gmo.bank.business_id import NotAnApprover, Verdict
from mock_gmo.bank.deposits import Deposit, PayingBank
from mock_gmo.bank.outside_desk import OutsideDesk
from mock_gmo.bank.refusals import (
    AccountNotUsable,
    ApplyNoUnknown,
    CustomerUnknown,
    ForbiddenCharacterInText,
    ImpossibleStep,
    VaNotUsable,
    VaTakesNoDeposits,
)
from mock_gmo.bank.transfers import Event
from mock_gmo.clock import ClockBackwards, ClockOutOfRange
from mock_gmo.console.notifications import notification_event
from mock_gmo.console.problems import Problem
from mock_gmo.console.routes import Call
from mock_gmo.console.views import write_beneficiary, write_books, write_customer, write_event, write_payment
from mock_gmo.marked_yaml import DocumentError
from mock_gmo.oauth.errors import AuthorizationPageError, OAuthRefusal

Result = tuple[int, dict[str, Any] | None]

DISTRIBUTION: Final = "gmo-bank-in-a-box"

# Steps that concern the whole application, those of them that an approver decides, and those for single lines.
WHOLE_STEPS: Final = {
    "confirm": OutsideDesk.confirm,
    "withdraw": OutsideDesk.withdraw,
}
DECISIONS: Final = {"approve": OutsideDesk.approve, "send-back": OutsideDesk.send_back}
LINE_STEPS: Final = {
    "fail": OutsideDesk.fail,
    "return-funds": OutsideDesk.return_funds,
    "recall": OutsideDesk.recall,
    "recall-agree": OutsideDesk.recall_agree,
    "recall-refuse": OutsideDesk.recall_refuse,
}


def get_health(call: Call) -> Result:
    """Tell that the bank answers."""
    return 200, {"status": "ok", "version": version(DISTRIBUTION), "now": call.world.clock.now().isoformat()}


def reset_world(call: Call) -> Result:
    """Go back to a scenario's first state."""
    try:
        call.world.reset(call.body.get("scenario"))
    except DocumentError as unusable:
        raise Problem("scenario_unusable", str(unusable), at="/scenario") from unusable
    return 200, {"scenario": call.world.scenario.name, "now": call.world.clock.now().isoformat()}


def get_clock(call: Call) -> Result:
    """Tell the bank's time."""
    return 200, _clock(call)


def move_clock(call: Call) -> Result:
    """Move, stop or speed up the clock; settle what falls due, send what is due to be sent, and tell it."""
    with call.world.delivering:
        return _move_clock(call)


def _move_clock(call: Call) -> Result:
    clock, body = call.world.clock, call.body
    before = call.world.settle()
    was_frozen = clock.is_frozen
    try:
        if body.get("frozen"):
            clock.freeze(True)
        if "set" in body:
            clock.set(datetime.fromisoformat(body["set"].upper()).astimezone(UTC))
        if "advance_seconds" in body:
            clock.advance(body["advance_seconds"])
        if "rate" in body:
            clock.set_rate(body["rate"])
        if body.get("frozen") is False:
            clock.freeze(False)
    except ClockBackwards as backwards:
        clock.freeze(was_frozen)
        raise Problem("clock_backwards", str(backwards)) from backwards
    except (ClockOutOfRange, OverflowError, ValueError) as impossible:
        clock.freeze(was_frozen)
        raise Problem("value_impossible", str(impossible)) from impossible
    events = [*before, *call.world.settle()]
    events += [notification_event(delivery) for delivery in call.world.deliver_notifications()]
    events.sort(key=lambda event: event.at)
    return 200, {**_clock(call), "events": _events(events)}


def list_customers(call: Call) -> Result:
    """Tell customers, log-ins, accounts, balances."""
    at = call.world.tick()
    customers = [write_customer(call.world, customer, at=at) for customer in call.world.bank.customers()]
    return 200, {"customers": customers}


def change_customer(call: Call) -> Result:
    """Change confirmation, business-ID management, virtual accounts or limits."""
    try:
        customer = call.world.bank.change_customer(call.path["customer_id"], **call.body)
    except CustomerUnknown as unknown:
        raise Problem("customer_unknown") from unknown
    except AccountNotUsable as unknown:
        named = ", ".join(call.body["transfer_limit_yen"])
        raise Problem("account_unknown", f"not all of {named} are this customer's", at="/transfer_limit_yen") from (
            unknown
        )
    except ValueError as impossible:
        raise Problem("value_impossible", str(impossible)) from impossible
    return 200, write_customer(call.world, customer, at=call.world.tick())


def give_consent(call: Call) -> Result:
    """Consent in a customer's place."""
    world, body = call.world, call.body
    try:
        world.bank.get_customer(body["customer_id"])
        code, location = world.oauth.consent_directly(
            body["client_id"],
            body["customer_id"],
            scope=body["scope"],
            redirect_uri=body["redirect_uri"],
            state=body.get("state") or None,
            nonce=body.get("nonce") or None,
            login_id=_consenting_login(call),
            at=world.tick(),
        )
    except CustomerUnknown as unknown:
        raise Problem("customer_unknown") from unknown
    except AuthorizationPageError as unknown:
        raise Problem("consent_refused", unknown.reason) from unknown
    except OAuthRefusal as refused:
        raise Problem("consent_refused", f"{refused.error}: {refused.description}") from refused
    return 201, {"code": code.reveal(), "location": location}


def expire_tokens(call: Call) -> Result:
    """Let tokens expire now."""
    return 200, {"expired": call.world.oauth.expire(at=call.world.tick(), **call.body)}


def step_transfer(call: Call) -> Result:
    """Take one step outside the API."""
    bank, step, item_id = call.world.bank, call.path["step"], call.body.get("item_id")
    apply_no, at = call.path["apply_no"], call.world.tick()
    if step not in DECISIONS and (meant := [name for name in ("login_id", "comment") if name in call.body]):
        raise Problem("field_invalid", f"{step} is no decision of an approver", at=f"/{meant[0]}")
    try:
        if step in LINE_STEPS:
            events = LINE_STEPS[step](bank.outside, apply_no, item_id=item_id, at=at)
        elif item_id is not None:
            raise Problem("field_invalid", f"{step} concerns the whole application", at="/item_id")
        elif step in DECISIONS:
            events = DECISIONS[step](bank.outside, apply_no, verdict=_verdict(call), at=at)
        else:
            events = WHOLE_STEPS[step](bank.outside, apply_no, at=at)
    except ApplyNoUnknown as unknown:
        raise Problem("apply_no_unknown") from unknown
    except NotAnApprover as not_theirs:
        raise Problem("not_an_approver", str(not_theirs), at="/login_id") from not_theirs
    except ImpossibleStep as impossible:
        raise Problem("impossible_step", str(impossible), possible=tuple(impossible.possible)) from impossible
    return 200, {"apply_no": apply_no, "events": _events(events)}


def record_deposit(call: Call) -> Result:
    """Let money arrive, at an account or at a virtual account."""
    bank, body = call.world.bank, call.body
    at = call.world.tick()
    deposit = Deposit(body["amount"], body["remitter_name"], body.get("edi_info"), _paying_bank(body))
    try:
        if "va_id" in body:
            account_id = bank.virtual_accounts.deposit(body["va_id"], deposit, at=at).account_id
        else:
            account_id = body["account_id"]
            bank.outside.deposit(
                account_id,
                amount_yen=deposit.amount_yen,
                remitter_name=deposit.remitter_name,
                edi_info=deposit.edi_info,
                paying_bank=deposit.paying_bank,
                at=at,
            )
    except AccountNotUsable as unknown:
        raise Problem("account_unknown", body["account_id"], at="/account_id") from unknown
    except VaNotUsable as unknown:
        raise Problem("account_unknown", f"no virtual account {body['va_id']}", at="/va_id") from unknown
    except VaTakesNoDeposits as sent_back:
        raise Problem("deposit_sent_back", str(sent_back), at="/va_id") from sent_back
    except ForbiddenCharacterInText as forbidden:
        raise Problem("value_impossible", f"{forbidden.field} holds a forbidden character") from forbidden
    balance = bank.balance_of(account_id, at=at)
    call.world.tick()
    return 201, {"account_id": account_id, "balance_yen": balance.balance_yen}


def list_beneficiaries(call: Call) -> Result:
    """Tell the beneficiary directory and what becomes of transfers to each entry."""
    world = call.world
    listed = [write_beneficiary(world, beneficiary) for beneficiary in world.bank.outside.beneficiaries()]
    return 200, {"beneficiaries": listed}


def list_payments(call: Call) -> Result:
    """Tell every debit that really happened."""
    call.world.tick()
    return 200, {"payments": [write_payment(payment) for payment in call.world.bank.payments()]}


def check_postings(call: Call) -> Result:
    """Add up the books again."""
    call.world.tick()
    return 200, write_books(call.world.bank.check_books())


def _paying_bank(body: dict[str, Any]) -> PayingBank | None:
    name = body.get("payment_bank_name")
    return PayingBank(name, body.get("payment_branch_name")) if name is not None else None


def _verdict(call: Call) -> Verdict:
    login_id = call.body.get("login_id")
    login = call.world.logins.get(login_id) if login_id is not None else None
    if login_id is not None and login is None:
        raise Problem("login_unknown", login_id, at="/login_id")
    return Verdict(login.user if login is not None else None, call.body.get("comment"))


def _consenting_login(call: Call) -> str | None:
    """Whose consent it is: the named log-in's, or that of the customer's first one, if it has any."""
    own = [login.login_id for login in call.world.logins.values() if login.customer_id == call.body["customer_id"]]
    login_id: str | None = call.body.get("login_id")
    if login_id is not None and login_id not in own:
        raise Problem("login_unknown", login_id, at="/login_id")
    return login_id if login_id is not None else next(iter(own), None)


def _clock(call: Call) -> dict[str, Any]:
    clock = call.world.clock
    now = call.world.tick()
    return {
        "now": now.isoformat(timespec="microseconds"),
        "today": clock.today().isoformat(),
        "frozen": clock.is_frozen,
        "rate": clock.rate,
    }


def _events(events: Iterable[Event]) -> list[dict[str, Any]]:
    return [write_event(event) for event in events]
