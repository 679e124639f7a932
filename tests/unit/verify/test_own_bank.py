"""Our own bank keeps the contract that others are held to, in every profile, and nobody's money is touched."""

import json
from itertools import pairwise

import pytest

from mock_gmo.profiles import PROFILES
from mock_gmo.verify.calling import Bounds, Unreachable
from mock_gmo.verify.cases import REPEATABLE
from mock_gmo.verify.documents import Contracts
from mock_gmo.verify.safety import SAFE, check_target, is_path_of_unsafe
from mock_gmo.verify.telling import tell_exchanges, tell_lines, tell_suites
from tests.unit.gateway.calling import make_caller
from tests.unit.gateway.persons import PERSONAL_SCOPES
from tests.unit.verify.banks import BASE, SCOPES, live_in, verify

EVERY = Contracts(("auth", "corporation", "personal", "webhooks"))
UNSAFE = [operation for operation in EVERY.operations if not SAFE[operation.operation_id].is_safe]
DOCUMENTS = ("corporation", "auth")
TARGET = check_target(BASE)


def test_every_refusal_is_known_to_be_repeatable_or_why_not() -> None:
    raised = {row.refusal_id for row in EVERY.refusals.values() if row.raised_by in ("gateway", "bank")}

    assert set(REPEATABLE) == raised


def test_a_bank_that_has_lived_differs_in_nothing_and_stays_as_it_was() -> None:
    bank = make_caller(scopes=SCOPES)
    live_in(bank)
    before = bank.control("GET", "/payments").json, bank.control("GET", "/postings/check").json

    verified = verify(bank, documents=DOCUMENTS)

    assert verified.lines() == []
    assert verified.found.not_checked == {}
    assert not any(is_path_of_unsafe(call.path, UNSAFE) for call in verified.sent)
    assert (bank.control("GET", "/payments").json, bank.control("GET", "/postings/check").json) == before
    assert {asked.case.operation.operation_id for asked in verified.found.asked} == {
        operation.operation_id
        for operation in EVERY.operations
        if operation.document in DOCUMENTS and SAFE[operation.operation_id].is_safe
    }
    assert any(asked.case.name.endswith("page 2") for asked in verified.found.asked)


@pytest.mark.parametrize("profile", [name for name in PROFILES if name != "bank"])
def test_every_other_profile_differs_in_nothing(profile: str) -> None:
    assert verify(make_caller(profile=profile, scopes=SCOPES), profile=profile).lines() == []


@pytest.mark.parametrize(
    ("holder", "profile"), [("individual", "bank"), ("sole-proprietor", "bank"), ("individual", "sunabar")]
)
def test_persons_differ_in_nothing(holder: str, profile: str) -> None:
    bank = make_caller(customer_id=holder, scenario=holder, scopes=PERSONAL_SCOPES, profile=profile)

    verified = verify(bank, documents=("personal",), profile=profile)

    assert verified.lines() == []


def test_what_a_token_may_not_call_is_told_and_no_difference() -> None:
    verified = verify(make_caller(scopes="private:account offline_access"), allow=("getAccounts", "getTransferStatus"))

    assert verified.lines() == []
    assert verified.found.not_checked == {"getTransferStatus": "the token or its holder may not call it"}
    assert any("not checked: getTransferStatus" in line for line in tell_lines(verified.found, target=TARGET))


def test_calls_keep_the_limit_and_the_token_is_in_no_report() -> None:
    bank = make_caller()
    verified = verify(bank, allow=("getAccounts", "getBalances"))

    times = [asked.at.timestamp() for asked in verified.found.asked]
    assert all(later - earlier >= 1 for earlier, later in pairwise(times))
    exchanges = tell_exchanges(verified.found, target=TARGET, caller=verified.caller)
    assert bank.token not in repr([exchanges, [it.reply_body for it in exchanges], tell_suites(verified.found)])
    assert any(dict(call.headers).get("x-access-token") == bank.token for call in verified.sent)
    assert bank.token not in "".join(call.target for call in verified.sent)


def test_a_run_that_may_ask_no_more_says_that_not_everything_was_checked() -> None:
    verified = verify(make_caller(), bounds=Bounds(requests_max=10))

    assert len(verified.sent) == 10
    assert "not everything was checked" in "\n".join(tell_lines(verified.found, target=TARGET))


def test_a_token_that_is_not_accepted_ends_the_run_with_a_sentence() -> None:
    bank = make_caller()
    bank.token = "nobodysToken"

    with pytest.raises(Unreachable, match="does not accept the token"):
        verify(bank)


def test_values_of_another_bank_are_told_as_shapes_only() -> None:
    verified = verify(make_caller(), allow=("getAccounts", "getBalances"))
    target = check_target("https://bank.example")

    exchanges = tell_exchanges(verified.found, target=target, caller=verified.caller)

    accounts = json.loads(exchanges[0].reply_body)["accounts"]
    assert accounts[0]["accountId"] == "[a text of 12 characters: digits]"
    assert not any("101010012345" in it.url for it in exchanges)
