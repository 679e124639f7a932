"""Claims and debits as they come over the wire: a claims file, payouts of our integrator, payments of a bank.

Reads JSON values; fetches nothing.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from importlib.resources import files
from typing import Any

import jsonschema_rs

from mock_gmo.testing.verdict import Belief, BeneficiaryKey, Claim, Debit

JSON = Mapping[str, Any]

# What our integrator's caller may believe of a payout by its state. Source: contracts/integrator.yaml, PayoutState.
BELIEFS: Mapping[str, Belief] = {
    "accepted": Belief.OPEN,
    "submitting": Belief.OPEN,
    "in_doubt": Belief.OPEN,
    "awaiting_confirmation": Belief.OPEN,
    "awaiting_approval": Belief.OPEN,
    "reserved": Belief.OPEN,
    "processing": Belief.OPEN,
    "settled": Belief.PAID,
    "recall_in_process": Belief.OPEN,
    "returned": Belief.DEAD,
    "rejected": Belief.DEAD,
    "expired": Belief.DEAD,
    "not_executed": Belief.DEAD,
    "withdrawn": Belief.DEAD,
    "cancelling": Belief.OPEN,
    "cancelled": Belief.DEAD,
    "needs_person": Belief.PERSON,
}


class ClaimsUnusable(ValueError):
    """Claims that cannot be read; the message says where and what was expected."""


def claims_schema() -> dict[str, Any]:
    """Return the JSON Schema of a claims file."""
    text = files("mock_gmo.testing").joinpath("claims.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def read_claims(document: object) -> list[Claim]:
    """Return the claims of a claims file. Raises ClaimsUnusable with the place at fault."""
    validator = jsonschema_rs.Draft202012Validator(claims_schema(), validate_formats=True)
    try:
        validator.validate(document)
    except jsonschema_rs.ValidationError as wrong:
        place = "/".join(("", *(str(step) for step in wrong.instance_path)))
        raise ClaimsUnusable(f"claims: at {place or '/'}: {wrong.message}") from wrong
    assert isinstance(document, Mapping), "the schema says so"
    return [_claim(written) for written in document["claims"]]


def claims_of_payouts(payouts: Iterable[JSON]) -> list[Claim]:
    """Return what our integrator's caller believes of these payouts. Raises ClaimsUnusable for a state not known here.

    Since when: of all that is open alike, the first; so a payout that goes from one open state to the next stays open.
    """
    try:
        return [_claim_of_payout(payout) for payout in payouts]
    except (KeyError, IndexError) as missing:
        raise ClaimsUnusable(f"a payout is not as contracts/integrator.yaml says: {missing!r}") from missing


def read_debits(payments: Iterable[JSON], *, accounts: Sequence[str] = ()) -> list[Debit]:
    """Return the debits that a bank's control API tells of; only those of `accounts`, when some are named."""
    return [
        Debit(
            mark=payment["edi_info"],
            apply_no=payment["apply_no"],
            item_id=payment["item_id"],
            amount_yen=payment["amount_yen"],
            came_back_yen=payment["came_back_yen"],
            at=datetime.fromisoformat(payment["debited_at"]),
            beneficiary=_beneficiary(payment["beneficiary"]),
        )
        for payment in payments
        if not accounts or payment["account_id"] in accounts
    ]


def _claim(written: JSON) -> Claim:
    since = written.get("since")
    beneficiary = written.get("beneficiary")
    return Claim(
        claim_id=written["id"],
        amount_yen=written["amount_yen"],
        belief=Belief(written["belief"]),
        since=None if since is None else datetime.fromisoformat(since),
        reason=written.get("reason"),
        marks=frozenset(written.get("marks", ())),
        items=frozenset((item["apply_no"], item["item_id"]) for item in written.get("items", ())),
        apply_numbers=frozenset(written.get("apply_numbers", ())),
        beneficiary=None if beneficiary is None else _beneficiary(beneficiary),
    )


def _claim_of_payout(payout: JSON) -> Claim:
    problem = payout.get("problem") or {}
    return Claim(
        claim_id=payout["payout_id"],
        amount_yen=payout["amount_yen"],
        belief=_belief(payout["state"]),
        since=_since(payout["history"]),
        reason=problem.get("detail_en") or problem.get("code"),
        marks=frozenset(payout["marks"]),
        apply_numbers=frozenset({payout["apply_no"]} if "apply_no" in payout else ()),
        beneficiary=_beneficiary(payout["beneficiary"]),
    )


def _belief(state: str) -> Belief:
    if state not in BELIEFS:
        raise ClaimsUnusable(f"a payout is in the state {state!r}; known are {', '.join(BELIEFS)}")
    return BELIEFS[state]


def _since(history: Sequence[JSON]) -> datetime:
    belief = _belief(history[-1]["state"])
    began = history[-1]
    for step in reversed(history):
        if _belief(step["state"]) is not belief:
            break
        began = step
    return datetime.fromisoformat(began["at"])


def _beneficiary(written: JSON) -> BeneficiaryKey:
    return BeneficiaryKey(
        bank_code=written["bank_code"],
        branch_code=written["branch_code"],
        account_type=written["account_type"],
        account_number=written["account_number"],
    )
