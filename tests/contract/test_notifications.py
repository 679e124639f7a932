"""Notifications and the contract: control operations keep it; every message, pushed or fetched, fits its schema."""

import json
from copy import deepcopy
from typing import Any

import jsonschema_rs
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.specs.openapi.checks import positive_data_acceptance, unsupported_method

import contracts
from mock_gmo.oauth.clients import BasicCredentials
from mock_gmo.secret import Secret
from tests.unit.gateway.calling import CLIENT_ID
from tests.unit.notifications.receiving import credentials, make_notified

DIALECT = "https://json-schema.org/draft/2020-12/schema"
QUIET = (HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large)
# The unsent list is empty most of the time, which is a documented 404; the bank's 405 carries no Allow header.
EXCLUDED = [positive_data_acceptance, unsupported_method]

BANK = make_notified(profile="strict")
RECEIVED = make_notified()
RECEIVED.subscribe()
VALIDATORS = jsonschema_rs.validator_map_for({"$schema": DIALECT, **contracts.load("webhooks")}, validate_formats=True)
PUSHED = contracts.load("webhooks")["webhooks"]["vaDepositTransaction"]["post"]


# Schemathesis writes the links that it infers into the document.
webhooks = schemathesis.openapi.from_dict(deepcopy(contracts.load("webhooks")))
webhooks.app = BANK.on_loopback

kana = st.text("ｱｲｳｴｵｶｷｸｹｺｶﾞﾊﾟABC0123456789 ().-", min_size=1, max_size=48).filter(lambda text: text.strip() == text)
deposits = st.fixed_dictionaries(
    {"amount": st.integers(1, 999_999_999), "remitter_name": kana},
    optional={"edi_info": st.text("ABC0123456789", min_size=1, max_size=20)},
)


@webhooks.auth()
class ClientCredentials:
    """Calls carry id and secret of the bank's only client."""

    def get(self, case: Case, context: Any) -> str:
        return credentials()

    def set(self, case: Case, data: str, context: Any) -> None:
        case.headers = {**(case.headers or {}), "Authorization": data}


@webhooks.parametrize()
@settings(max_examples=25, derandomize=True, deadline=None, database=None, suppress_health_check=QUIET)
def test_the_control_operations_keep_their_contract(case: Case) -> None:
    case.call_and_validate(excluded_checks=EXCLUDED)


StatefulContract = webhooks.as_state_machine().TestCase
StatefulContract.settings = settings(
    max_examples=5, stateful_step_count=6, derandomize=True, deadline=None, database=None, suppress_health_check=QUIET
)


def test_every_documented_success_is_reached() -> None:
    bank = make_notified(profile="strict")
    bank.pay_in()
    reached = {
        "getUnsentVaDeposits": bank.as_client("GET", "/unsentlist/va-deposit-transaction"),
        "getSubscribeStatus": bank.as_client("GET", "/subscribe-status"),
        "subscribe": bank.as_client(
            "POST", "/subscribe", {"subscribeStatus": "1", "eventTypes": [{"eventType": "va-deposit-transaction"}]}
        ),
    }

    documented = {
        operation["operationId"]: min(status for status in operation["responses"] if status < "300")
        for item in contracts.load("webhooks")["paths"].values()
        for operation in item.values()
    }
    assert {name: str(reply.status_code) for name, reply in reached.items()} == documented


@given(deposit=deposits, signed=st.booleans(), basic=st.booleans())
@settings(max_examples=30, derandomize=True, deadline=None, database=None, suppress_health_check=QUIET)
def test_every_notification_fits_its_description(deposit: dict[str, Any], signed: bool, basic: bool) -> None:
    shown = BasicCredentials("receiver", Secret("made-up")) if basic else None
    RECEIVED.world.oauth.clients.change(CLIENT_ID, notification_signature=signed, notification_basic=shown)
    assert RECEIVED.control("POST", "/deposits", {"va_id": RECEIVED.va_id, **deposit}).status_code == 201
    RECEIVED.advance(0)

    _, headers, body = RECEIVED.receiver.came[-1]
    schema = "#/components/schemas/VaDepositTransactionMessage"
    assert [str(error) for error in VALIDATORS[schema].iter_errors(json.loads(body))] == []
    known = {parameter["name"]: index for index, parameter in enumerate(PUSHED["parameters"])}
    assert headers.keys() <= {*known, "Content-Type"}
    assert {parameter["name"] for parameter in PUSHED["parameters"] if parameter["required"]} <= headers.keys()
    for name in headers.keys() & known.keys():
        pointer = f"#/webhooks/vaDepositTransaction/post/parameters/{known[name]}/schema"
        assert [str(error) for error in VALIDATORS[pointer].iter_errors(headers[name])] == []


def test_what_is_fetched_is_what_would_have_been_pushed() -> None:
    bank = make_notified()
    bank.pay_in()
    message = bank.world.notifications.messages()[0]

    (fetched,) = bank.as_client("GET", "/unsentlist/va-deposit-transaction").json["messages"]

    assert fetched == bank.world.ports.write_message(message)
