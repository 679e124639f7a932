"""Acts of people: the account holder on the bank's site, the bank's staff, and those who look after the integrator."""

from datetime import timedelta
from random import Random
from typing import Any

from integrator.domain.payout import PayoutState
from mock_gmo.app import world_of
from mock_gmo.bank.states import TransferStatus
from tests.simulation.recore import Order, pick
from tests.simulation.stage import ACCOUNTS, Company, Stage

S = TransferStatus
OPERATOR = "operator"
RETURNS_COME_WITHIN = timedelta(days=40)
# What is at the bank and can still become a debit.
ALIVE = (S.REQUESTED, S.APPLIED, S.SENT_BACK, S.RESERVED, S.IN_PROCESS, S.RETRYING)


def confirm(stage: Stage, chance: Random) -> str | None:
    """The account holder confirms what waits, on the bank's site."""
    return _step(stage, chance, "confirm", "the holder confirms", _pending(stage))


def confirm_all(stage: Stage, chance: Random) -> str | None:
    """The account holder confirms everything that waits."""
    confirmed = [number for number in _pending(stage) if _is_done(stage, number, "confirm")]
    return f"the holder confirms all that waits: {len(confirmed)}" if confirmed else None


def approve(stage: Stage, chance: Random) -> str | None:
    """An approver of the company approves."""
    return _step(stage, chance, "approve", "an approver approves", stage.applications(S.APPLIED))


def send_back(stage: Stage, chance: Random) -> str | None:
    """An approver sends an application back."""
    return _step(stage, chance, "send-back", "an approver sends back", stage.applications(S.APPLIED))


def withdraw(stage: Stage, chance: Random) -> str | None:
    """The applicant withdraws."""
    found = stage.applications(S.APPLIED, S.SENT_BACK)
    return _step(stage, chance, "withdraw", "the applicant withdraws", found)


def fail(stage: Stage, chance: Random) -> str | None:
    """The transfer cannot be carried out."""
    found = stage.applications(S.RESERVED, S.IN_PROCESS, S.RETRYING)
    return _step(stage, chance, "fail", "the bank cannot carry out", found)


def return_funds(stage: Stage, chance: Random) -> str | None:
    """The beneficiary's bank sends the money back: the account is closed, or has another name."""
    return _step(stage, chance, "return-funds", "the other bank returns", _recent(stage, S.SETTLED))


def recall(stage: Stage, chance: Random) -> str | None:
    """The holder asks the bank to get the money back."""
    return _step(stage, chance, "recall", "the holder recalls", _recent(stage, S.SETTLED))


def recall_agreed(stage: Stage, chance: Random) -> str | None:
    """The beneficiary agrees to a recall."""
    found = _recent(stage, S.RECALL_IN_PROCESS)
    return _step(stage, chance, "recall-agree", "the beneficiary agrees to the recall of", found)


def recall_refused(stage: Stage, chance: Random) -> str | None:
    """The beneficiary refuses a recall."""
    found = _recent(stage, S.RECALL_IN_PROCESS)
    return _step(stage, chance, "recall-refuse", "the beneficiary refuses the recall of", found)


def consent(stage: Stage, chance: Random) -> str:
    """Somebody of a company consents anew, sometimes another person than before."""
    return consent_of(stage, chance.choice(stage.companies), chance)


def consent_of(stage: Stage, company: Company, chance: Random) -> str:
    """Somebody of this company consents anew."""
    logins = [login for login in world_of(stage.bank_app).logins.values() if login.customer_id == stage.customer_id]
    login_id = chance.choice(logins).login_id
    stage.begin_consent(company, login_id)
    return f"{login_id} of {company.company_id} consents at the bank"


def expire_tokens(stage: Stage, chance: Random) -> str:
    """The bank ends every token of a client."""
    company = chance.choice(stage.companies)
    stage.must("POST", "/tokens/expire", {"client_id": company.client["client_id"]})
    return f"the bank ends every token of {company.company_id}"


def change_limit(stage: Stage, chance: Random) -> str:
    """The day's limit of the account changes."""
    yen = chance.choice((3_000, 100_000, 5_000_000, 5_000_000))
    stage.must("PATCH", f"/customers/{stage.customer_id}", {"transfer_limit_yen": {ACCOUNTS[stage.cast.scenario]: yen}})
    return f"the account's limit a day becomes {yen} yen"


def deposit(stage: Stage, chance: Random) -> str:
    """Money arrives."""
    yen = chance.choice((10_000, 3_000_000))
    body = {"account_id": ACCOUNTS[stage.cast.scenario], "amount": yen, "remitter_name": "ｶﾘﾅｼﾖｳｶｲ(ｶ"}
    stage.must("POST", "/deposits", body)
    return f"{yen} yen arrive on the account"


def change_confirmation(stage: Stage, chance: Random) -> str:
    """Orders begin, or cease, to need a confirmation."""
    is_required = chance.random() < 0.5
    stage.must("PATCH", f"/customers/{stage.customer_id}", {"confirmation_required": is_required})
    return f"orders {'need' if is_required else 'no longer need'} a confirmation"


def stop_payouts(stage: Stage, chance: Random) -> str:
    """Somebody stops all orders."""
    _operator(stage, "POST", "/v1/payout-stops", {"reason": "不審な依頼", "by": "担当者A"})
    return "an operator stops all payouts"


def resume_payouts(stage: Stage, chance: Random) -> str:
    """Somebody lets them go on."""
    _operator(stage, "POST", "/v1/payout-stops/resume", {"reason": "確認済み", "by": "担当者B"})
    return "an operator lets payouts go on"


def decide(stage: Stage, chance: Random) -> str | None:
    """A person records of a doubt what is true at the bank; of what is still alive there nothing can be said."""
    waiting = [o for o in stage.recore.orders if o.payout_id is not None and o.state == PayoutState.NEEDS_PERSON]
    order = pick(waiting, chance)
    outcome = None if order is None else truth(stage, order)
    if order is None or outcome is None:
        return None
    decide_for(stage, order, outcome)
    return f"a person records that {order.key} is {outcome}, as the bank's staff say"


def decide_for(stage: Stage, order: Order, outcome: str) -> None:
    """Record a person's decision."""
    path = f"/v1/companies/{order.company_id}/payouts/{order.payout_id}/decision"
    body = {"outcome": outcome, "source": "bank_staff", "reason": "銀行に確認した", "by": "担当者A"}
    _operator(stage, "POST", path, body)


def truth(stage: Stage, order: Order) -> str | None:
    """Return paid or dead as the bank's books say, or None while it can still become either."""
    if any(actor.process == "network" for actor in stage.baton.actors):
        return None
    whose = (order.company_id, order.key)
    marks = {mark for mark, of in stage.database.order_of_mark.items() if of == whose}
    if any(_marks_of(stage, number) & marks for number in stage.applications(*ALIVE)):
        return None
    return "paid" if stage.invariants.away(whose) else "dead"


def _marks_of(stage: Stage, apply_no: str) -> set[str]:
    application = world_of(stage.bank_app).bank.look(lambda state, _events: state.applications.get(apply_no))
    return set() if application is None else {line.edi_info or "" for line in application.lines}


def _operator(stage: Stage, method: str, path: str, body: dict[str, Any]) -> None:
    def forget(_status: int, _answer: Any) -> None:
        """What was recorded is read like everything else."""

    stage.recore.keys[OPERATOR] = stage.operator_key
    stage.recore.call(OPERATOR, method, path, take=forget, json=body)


def _recent(stage: Stage, state: TransferStatus) -> list[str]:
    # Nobody follows a payment for longer than 60 days; what comes back later is a line of the reconciliation.
    since = (stage.clock.now() - RETURNS_COME_WITHIN).strftime("%Y%m%d")
    return [number for number in stage.applications(state) if number >= since]


def _pending(stage: Stage) -> list[str]:
    customers = stage.must("GET", "/customers")["customers"]
    return [str(waiting["apply_no"]) for customer in customers for waiting in customer["pending_confirmations"]]


def _step(stage: Stage, chance: Random, step: str, line: str, found: list[str]) -> str | None:
    if not found:
        return None
    number = chance.choice(found)
    return f"{line} {number}" if _is_done(stage, number, step) else None


def _is_done(stage: Stage, apply_no: str, step: str) -> bool:
    status, _ = stage.control("POST", f"/transfers/{apply_no}/{step}", {})
    return status < 300
