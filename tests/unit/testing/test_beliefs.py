"""What is believed and what was debited, as it comes over the wire."""

import pytest

from contracts import load
from integrator.domain.payout import DEAD, PayoutState
from mock_gmo.testing.beliefs import (
    BELIEFS,
    ClaimsUnusable,
    claims_of_payouts,
    claims_schema,
    read_claims,
    read_debits,
)
from mock_gmo.testing.verdict import Belief, BeneficiaryKey

YAMADA = {"bank_code": "0001", "branch_code": "001", "account_type": "1", "account_number": "1234567"}
APPLY = "2026040100000001"
PAYOUT = load("integrator")["components"]["examples"]["Payout"]["value"]


def claims(**changed):
    return {"claims": [{"id": "P1", "amount_yen": 500, "belief": "paid", **changed}]}


def payout(*states, **changed):
    history = [{"state": state, "at": f"2026-04-01T00:{minute:02}:00.000000Z"} for minute, state in enumerate(states)]
    return {**PAYOUT, "state": states[-1], "history": history, **changed}


def test_every_state_of_a_payout_says_what_may_be_believed():
    assert set(BELIEFS) == {state.value for state in PayoutState}
    assert {state for state, belief in BELIEFS.items() if belief is Belief.DEAD} == {state.value for state in DEAD}
    assert [state for state, belief in BELIEFS.items() if belief is Belief.PAID] == ["settled"]
    assert [state for state, belief in BELIEFS.items() if belief is Belief.PERSON] == ["needs_person"]


def test_a_payout_is_claimed_by_its_marks_and_its_apply_number():
    [claim] = claims_of_payouts([payout("accepted", "settled", apply_no=APPLY, marks=["R1", "R2"])])

    assert claim.claim_id == PAYOUT["payout_id"]
    assert (claim.amount_yen, claim.belief) == (50_000, Belief.PAID)
    assert (claim.marks, claim.apply_numbers) == (frozenset({"R1", "R2"}), frozenset({APPLY}))
    assert claim.beneficiary == BeneficiaryKey(**YAMADA)


@pytest.mark.parametrize(
    ("states", "minute"),
    [
        (["accepted", "submitting", "in_doubt"], 0),
        (["accepted", "submitting", "settled", "recall_in_process"], 3),
        (["accepted", "settled"], 1),
        (["accepted", "in_doubt", "needs_person"], 2),
        (["accepted", "needs_person", "in_doubt", "submitting"], 2),
    ],
)
def test_a_belief_began_with_the_first_state_that_says_the_same(states, minute):
    [claim] = claims_of_payouts([payout(*states)])

    assert claim.since.minute == minute


def test_a_person_gets_the_reason_of_the_problem():
    problem = {"code": "ambiguous", "detail_en": "The bank shows two orders."}

    assert claims_of_payouts([payout("needs_person", problem=problem)])[0].reason == "The bank shows two orders."
    assert claims_of_payouts([payout("needs_person", problem={"code": "x"})])[0].reason == "x"
    assert claims_of_payouts([payout("needs_person")])[0].reason is None


@pytest.mark.parametrize("broken", [payout("lost_at_sea"), {**PAYOUT, "history": []}, {"payout_id": "po_1"}])
def test_a_payout_that_is_not_understood_is_no_claim(broken):
    with pytest.raises(ClaimsUnusable):
        claims_of_payouts([broken])


def test_a_claims_file_says_all_that_a_claim_can_say():
    whole = claims(
        since="2026-04-01T12:00:00+09:00",
        reason="told so",
        marks=["R1"],
        apply_numbers=[APPLY],
        items=[{"apply_no": APPLY, "item_id": "2"}],
        beneficiary=YAMADA,
    )

    [claim] = read_claims(whole)

    assert claim.since.isoformat() == "2026-04-01T12:00:00+09:00"
    assert claim.reason == "told so"
    assert claim.marks == frozenset({"R1"})
    assert claim.apply_numbers == frozenset({APPLY})
    assert claim.items == frozenset({(APPLY, "2")})
    assert claim.beneficiary == BeneficiaryKey(**YAMADA)
    written = whole["claims"][0].keys()
    assert written == claims_schema()["properties"]["claims"]["items"]["properties"].keys()


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ([], "/"),
        ({}, "/"),
        (claims(belief="settled"), "/claims/0/belief"),
        (claims(amount_yen=0), "/claims/0/amount_yen"),
        (claims(amount_yen="500"), "/claims/0/amount_yen"),
        (claims(mark="R1"), "/claims/0"),
        (claims(since="2026-04-01T12:00:00"), "/claims/0/since"),
        (claims(apply_numbers=["1"]), "/claims/0/apply_numbers/0"),
        (claims(beneficiary={**YAMADA, "account_type": "3"}), "/claims/0/beneficiary/account_type"),
    ],
)
def test_a_claims_file_that_is_not_one_is_refused_with_the_place(document, place):
    with pytest.raises(ClaimsUnusable, match=f"^claims: at {place}: "):
        read_claims(document)


def test_debits_of_one_account_can_be_asked_for():
    paid = {
        "apply_no": APPLY,
        "item_id": "1",
        "account_id": "101010012345",
        "amount_yen": 500,
        "beneficiary": {**YAMADA, "name": "ﾔﾏﾀﾞ ﾀﾛｳ"},
        "edi_info": "R1",
        "debited_at": "2026-04-01T03:00:00+00:00",
        "came_back_yen": 0,
    }

    [debit] = read_debits([paid, {**paid, "account_id": "101020067890"}], accounts=["101010012345"])

    assert (debit.mark, debit.away_yen, debit.beneficiary) == ("R1", 500, BeneficiaryKey(**YAMADA))
    assert len(read_debits([paid, {**paid, "account_id": "101020067890"}])) == 2
