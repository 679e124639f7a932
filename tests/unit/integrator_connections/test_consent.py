"""From the authorization URL to the stored grant: a state works once, for its company, for a quarter of an hour."""

from datetime import timedelta

import httpx
import pytest

from integrator import connections
from integrator.connections import CONSENT_TIME_MAX, ConsentRefused
from integrator.secret import Secret
from integrator.store.jobs import find_answer
from tests.builders import NOON
from tests.unit.integrator_connections.worker_side import (
    BANK_URL,
    CLIENT_SECRET,
    LOST_REPLY,
    NO_CONNECTION,
    SCOPES,
    WorkerSide,
    error_reply,
    tokens_reply,
)


def test_the_authorization_url_asks_for_the_registered_scopes_at_the_companys_own_redirect_url(
    side: WorkerSide,
) -> None:
    company = side.register()

    begun = connections.begin(side.db, company, bank_url=BANK_URL, at=NOON, new_text=side.new_text)

    url = httpx.URL(begun.authorization_url)
    assert str(url.copy_with(query=None)) == f"{BANK_URL}/ganb/api/auth/v1/authorization"
    state = url.params["state"]
    assert dict(url.params) == {
        "response_type": "code",
        "client_id": "client-mihon-001",
        "redirect_uri": "http://127.0.0.1:8320/refresh_token/mihon-001",
        "scope": SCOPES,
        "state": state,
    }
    assert len(state) == 64
    assert begun.expires_at == NOON + timedelta(minutes=15)
    assert state not in repr(begun)
    assert state not in side.raw_rows()


def test_a_state_can_be_used_once(side: WorkerSide) -> None:
    side.register()
    state = side.begin()
    side.accept(state)

    with pytest.raises(ConsentRefused) as refused:
        side.accept(state)

    assert refused.value.reason == "used"


def test_a_state_cannot_be_used_after_a_quarter_of_an_hour(side: WorkerSide) -> None:
    side.register()
    state = side.begin()
    side.clock.present += CONSENT_TIME_MAX

    with pytest.raises(ConsentRefused) as refused:
        side.accept(state)

    assert refused.value.reason == "expired"


def test_a_state_of_another_company_is_unknown_and_stays_usable_where_it_belongs(side: WorkerSide) -> None:
    side.register("mihon-001")
    side.register("mihon-002")
    state = side.begin("mihon-001")

    with pytest.raises(ConsentRefused) as refused:
        side.accept(state, company_id="mihon-002")

    assert refused.value.reason == "unknown"
    assert side.accept(state, company_id="mihon-001")


def test_a_state_that_we_never_gave_is_unknown(side: WorkerSide) -> None:
    side.register()
    for unverified_state in (Secret(""), Secret("0" * 64), Secret("\udc80")):
        with pytest.raises(ConsentRefused, match="unknown"):
            side.accept(unverified_state)


def test_a_denied_consent_uses_its_state_up(side: WorkerSide) -> None:
    side.register()
    state = side.begin()
    connections.close_consent(side.db, "mihon-001", state, at=side.clock.now())

    with pytest.raises(ConsentRefused, match="used"):
        side.accept(state)


def test_an_exchange_stores_a_grant_and_keeps_no_secret_in_clear(side: WorkerSide) -> None:
    side.register()
    side.bank.will_say(tokens_reply(access="the-access-token", refresh="the-refresh-token"))
    side.do_job()
    job_id = side.accept(side.begin(), code="the-code")

    assert side.do_job()

    assert side.bank.form(0) == {
        "grant_type": "authorization_code",
        "code": "the-code",
        "redirect_uri": "http://127.0.0.1:8320/refresh_token/mihon-001",
        "client_id": "client-mihon-001",
        "client_secret": CLIENT_SECRET,
    }
    view = connections.view(side.db, "mihon-001").as_json()
    assert view == {
        "company_id": "mihon-001",
        "connected": True,
        "state": "connected",
        "scopes": sorted(SCOPES.split(" ")),
        "granted_at": "2026-04-01T03:00:00.000000Z",
        "access_expires_at": "2026-05-01T03:00:00.000000Z",
        "renew_consent_by": "2026-06-30T03:00:00.000000Z",
    }
    stored = side.raw_rows()
    for secret in ("the-access-token", "the-refresh-token", "the-code", CLIENT_SECRET):
        assert secret not in stored
    access = side.worker.desk.tokens.access("mihon-001")
    assert access is not None
    assert access.token == Secret("the-access-token")
    with side.db.read() as tx:
        answer = find_answer(tx, job_id)
    assert answer is not None
    assert answer.is_done


def test_a_second_consent_is_a_new_grant(side: WorkerSide) -> None:
    first = side.connect()
    side.bank.will_say(tokens_reply())
    side.accept(side.begin())
    side.do_job()

    second = side.worker.desk.tokens.access("mihon-001")

    assert second is not None
    assert second.grant_id != first.grant_id
    assert second.version > first.version


@pytest.mark.parametrize(
    ("said", "result"),
    [
        (error_reply("invalid_grant"), {"problem": "refused", "error": "invalid_grant"}),
        (error_reply("invalid_client", 401), {"problem": "refused", "error": "invalid_client"}),
        (LOST_REPLY, {"problem": "bank-unavailable"}),
        (NO_CONNECTION, {"problem": "bank-unavailable"}),
        (httpx.Response(503, json={"errorCode": "WG_ERR_300", "errorMessage": "-"}), {"problem": "bank-unavailable"}),
        (httpx.Response(200, content=b"<html>"), {"problem": "bank-unavailable"}),
    ],
    ids=["code refused", "client refused", "reply lost", "not connected", "maintenance", "unreadable"],
)
def test_an_exchange_that_brings_no_tokens_says_why_and_is_not_repeated(
    side: WorkerSide, said: httpx.Response | Exception, result: dict[str, str]
) -> None:
    side.register()
    side.do_job()
    side.bank.will_say(said)
    job_id = side.accept(side.begin())

    assert side.do_job()
    assert not side.do_job()

    with side.db.read() as tx:
        answer = find_answer(tx, job_id)
    assert answer is not None
    assert not answer.is_done
    assert answer.result == result
    assert connections.view(side.db, "mihon-001").state == "not_connected"
    assert len(side.bank.requests) == 1


def test_tokens_copied_to_another_company_do_not_open(side: WorkerSide) -> None:
    side.connect("mihon-001")
    side.connect("mihon-002")
    with side.db.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE connections SET sealed_access_token ="
            " (SELECT c.sealed_access_token FROM connections c WHERE c.company_id = 'mihon-001')"
            " WHERE company_id = 'mihon-002'"
        )

    assert side.worker.desk.tokens.access("mihon-002") is None
    assert side.worker.desk.tokens.access("mihon-001") is not None


def test_the_worker_replaces_the_webs_envelope_of_the_client_secret_by_its_own_seal(side: WorkerSide) -> None:
    side.register()
    assert not side.company().has_kept_secret

    assert side.do_job()

    assert side.company().has_kept_secret
    with side.db.engine.connect() as connection:
        row = connection.exec_driver_sql("SELECT intake_client_secret, sealed_client_secret FROM companies").one()
    assert row[0] is None
    assert bytes(row[1]).startswith(b"\x02testkey1")
