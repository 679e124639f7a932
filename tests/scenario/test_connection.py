"""Consent, tokens and addresses: what expires is renewed, what is not allowed is not done."""

import pytest

from integrator.domain.days import civil_date
from tests.invariants import assert_limit_was_kept
from tests.world import World


def test_a_token_that_expires_in_the_middle_is_renewed_once_and_the_payout_goes_on(world: World) -> None:
    payout = world.request_payout()
    world.control("POST", "/tokens/expire", {"access_token": world.access_token()})

    world.run_until_idle()
    world.run_for(seconds=10)
    world.confirm_all()
    world.run_for(minutes=2)

    assert world.state_of(payout) == "settled"
    assert "in_doubt" not in world.history_of(payout)
    refreshes = [sent for sent in world.line.sent if b"grant_type=refresh_token" in sent.body]
    assert len(refreshes) == 1


def test_a_token_is_renewed_before_it_expires(world: World) -> None:
    world.advance(days=29, hours=1)

    payout = world.request_payout()
    world.run_for(seconds=10)

    assert world.state_of(payout) == "awaiting_confirmation"
    assert [sent for sent in world.line.sent if sent.status == 401] == []


def test_a_dead_consent_keeps_the_payouts_until_the_company_consents_anew(world: World) -> None:
    world.control("POST", "/tokens/expire", {"client_id": world.client_id()})
    payout = world.request_payout()
    world.run_for(minutes=1)

    connection = world.recore("GET", "/v1/companies/shop-0001/connection").json
    assert connection["connected"] is False
    assert world.state_of(payout) == "accepted"

    world.consent()
    world.run_for(seconds=30)
    world.confirm_all()
    world.run_for(minutes=2)

    assert world.state_of(payout) == "settled"
    told = [(change["happened"], change["connected"]) for change in world.connection_events()]
    assert told == [("connected", True), ("lost", False), ("connected", True)]


def test_a_dying_consent_is_told_once_for_each_threshold_then_its_loss_then_its_recovery(world: World) -> None:
    world.set_callback()
    world.fault("received", "status", operation="POST /token", status=503, times=10_000)
    for _ in range(92):
        world.advance(days=1)
        world.step()
    world.control("DELETE", "/faults")
    world.consent()
    world.run_for(seconds=10)

    told = [(change["happened"], change.get("consent_ends_within_days")) for change in world.connection_events()]
    ends = [("consent_ends", 14), ("consent_ends", 7), ("consent_ends", 1)]
    assert told == [("connected", None), *ends, ("lost", None), ("connected", None)]
    sent = [event["connection"]["happened"] for event in world.receiver.taken]
    assert sent == ["consent_ends", "consent_ends", "consent_ends", "lost", "connected"]


def test_a_call_from_an_address_that_is_not_registered_moves_nothing(world: World) -> None:
    world.line.address = "127.0.0.9"

    payout = world.request_payout()
    world.run_for(minutes=1)

    assert world.state_of(payout) == "rejected"
    assert world.payments() == []
    assert world.pending() == []


def test_the_code_of_one_company_is_worth_nothing_at_another_companys_redirect_url(world: World) -> None:
    begun = world.recore("POST", "/v1/companies/shop-0001/authorization").json
    state = begun["authorization_url"].split("state=")[1].split("&")[0]

    page = world.web_app.test_client().get(f"/refresh_token/shop-0002?code=stolen&state={state}")

    assert page.status_code in (400, 403, 404)
    assert [sent for sent in world.line.sent if b"stolen" in sent.body] == []


def test_a_state_is_good_for_one_redirect(world: World) -> None:
    begun = world.recore("POST", "/v1/companies/shop-0001/authorization").json
    state = begun["authorization_url"].split("state=")[1].split("&")[0]
    client = world.web_app.test_client()
    client.get(f"/refresh_token/shop-0001?error=access_denied&state={state}")

    again = client.get(f"/refresh_token/shop-0001?code=late&state={state}")

    assert again.status_code == 400
    assert [sent for sent in world.line.sent if b"late" in sent.body] == []


def test_an_inquiry_that_comes_too_soon_for_the_bank_is_asked_again_and_answered(world: World) -> None:
    world.fault("received", "status", operation="GET /accounts/balances", status=429, times=2)

    balances = world.recore("GET", "/v1/companies/shop-0001/balances")

    assert balances.status_code == 200
    assert len([sent for sent in world.line.sent if sent.path.endswith("/accounts/balances")]) == 3


def test_inquiries_go_through_the_worker_and_come_back_in_time(world: World) -> None:
    balances = world.recore("GET", "/v1/companies/shop-0001/balances")
    accounts = world.recore("GET", "/v1/companies/shop-0001/accounts")

    assert balances.status_code == 200, balances.get_data(as_text=True)
    assert accounts.status_code == 200
    assert_limit_was_kept(world)


def test_a_payout_that_waited_for_a_new_consent_is_designated_for_the_day_on_which_it_is_sent(world: World) -> None:
    world.control("POST", "/tokens/expire", {"client_id": world.client_id()})
    assert world.recore("GET", "/v1/companies/shop-0001/balances").status_code == 502
    assert world.recore("GET", "/v1/companies/shop-0001/connection").json["state"] == "needs_consent"
    payout = world.request_payout()
    world.run_for(minutes=1)
    assert world.line.orders() == []
    world.advance(days=5)
    sent_on = civil_date(world.clock.now()).isoformat()

    world.consent()
    world.run_for(seconds=30)

    assert world.state_of(payout) == "awaiting_confirmation"
    assert sent_on.encode() in world.line.orders()[0].body


def test_a_payout_refused_for_its_token_is_sent_anew_for_the_day_of_the_new_consent(world: World) -> None:
    world.control("POST", "/tokens/expire", {"client_id": world.client_id()})
    payout = world.request_payout()
    world.run_for(minutes=1)
    assert [sent.status for sent in world.line.orders()] == [401]
    world.advance(days=5)

    world.consent()
    world.run_for(seconds=30)

    assert world.state_of(payout) == "awaiting_confirmation"
    assert [sent.status for sent in world.line.orders()] == [401, 201]
    assert civil_date(world.clock.now()).isoformat().encode() in world.line.orders()[-1].body


def test_tokens_stay_fresh_for_months_without_a_payout_and_without_anyone_asking(world: World) -> None:
    for _ in range(120):
        world.remember_tokens()
        world.advance(days=1)
        world.step()

    refreshes = [sent for sent in world.line.sent if b"grant_type=refresh_token" in sent.body]
    connection = world.recore("GET", "/v1/companies/shop-0001/connection").json
    assert connection["connected"] is True
    assert "consent_ends_within_days" not in connection
    assert [sent.status for sent in refreshes] == [200] * 5


def test_a_refresh_whose_reply_is_lost_costs_the_consent_is_told_at_once_and_mends_with_a_new_one(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.fault("committed", "drop", operation="POST /token")
    world.advance(days=23, hours=1)
    world.step()
    assert "happened=refresh_in_doubt" in caplog.text
    assert "renewal_in_doubt_since" in world.recore("GET", "/v1/companies/shop-0001/connection").json

    world.advance(minutes=2)
    world.step()
    assert "happened=grant_ended" in caplog.text
    payout = world.request_payout()
    world.run_for(minutes=1)
    assert world.state_of(payout) == "accepted"

    world.consent()
    world.run_for(seconds=30)
    world.confirm_all()
    world.run_for(minutes=2)
    assert world.state_of(payout) == "settled"
