"""The whole state out and in again: nothing is lost, and what cannot be changes nothing and says where."""

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_gmo.app import worlds_of
from mock_gmo.bank.state import BankState
from mock_gmo.snapshots.banks import FOLLOWING, GIVEN, BankGivens, read_bank, write_bank
from mock_gmo.snapshots.codec import SnapshotError, codec_of
from tests.unit.bank.fingerprint import fingerprint
from tests.unit.bank.reaching import REACH, Reached
from tests.unit.gateway.calling import (
    ACCOUNT_ID,
    CONTROL,
    TOKEN_URL,
    Caller,
    make_caller,
    make_line,
    make_order,
    token_form,
)


def lived_in() -> Caller:
    """A bank with something of everything: transfers in several states, keys, tokens, limits, faults, a journal."""
    caller = make_caller()
    tokens = caller.new_token()
    caller.client.post(TOKEN_URL, data=token_form(grant_type="refresh_token", refresh_token=tokens["refresh_token"]))
    settled, _, reserved = (
        caller.post("/transfer/request", order, headers={"Idempotency-Key": f"key-{number}"}).json["applyNo"]
        for number, order in enumerate((
            make_order(totalCount="2", totalAmount="20000", transfers=[make_line(itemId="1"), make_line(itemId="2")]),
            make_order(),
            make_order(transferDesignatedDate="2026-04-03"),
        ))
    )  # fmt: skip
    caller.control("POST", f"/transfers/{settled}/confirm")
    caller.control("POST", f"/transfers/{reserved}/confirm")
    caller.control("POST", "/clock", {"advance_seconds": 31})
    caller.control("POST", f"/transfers/{settled}/recall", {"item_id": "2"})
    caller.post("/transfer/cancel", {"accountId": ACCOUNT_ID, "cancelTargetKeyClass": "2", "applyNo": reserved})
    caller.control(
        "POST", "/faults", {"operation": "GET /accounts/transactions", "point": "received", "effect": "drop"}
    )
    caller.control("POST", "/consents", {
        "client_id": "loCa1C1ientShop1", "customer_id": "corporate", "scope": "openid",
        "redirect_uri": "http://127.0.0.1/callback",
    })  # fmt: skip
    caller.client.get("/ganb/api/auth/v1/authorization", query_string={
        "response_type": "code", "client_id": "loCa1C1ientShop1", "redirect_uri": "http://127.0.0.1/callback",
        "scope": "openid", "state": "s",
    })  # fmt: skip
    caller.control("PATCH", "/clients/loCa1C1ientShop1", {"requests_per_second": 5})
    caller.get("/accounts")
    caller.call("POST", "/ganb/api/corporation/v1/transfer/cancel", data=b"\xff\x00", content_type="text/plain")
    return caller


WRITTEN = lived_in().world.snapshot()


def put(caller: Caller, snapshot: Any) -> Any:
    return caller.client.put(CONTROL + "/snapshot", json=snapshot)


def test_a_snapshot_read_back_gives_the_same_snapshot() -> None:
    assert len(WRITTEN["bank"]["applications"]) == 3
    assert WRITTEN["bank"]["agenda"]["heap"]
    assert WRITTEN["bank"]["replies"]
    assert WRITTEN["oauth"]["pending"]
    assert WRITTEN["oauth"]["codes"]
    assert WRITTEN["limiter"]
    for world in (make_caller().world, lived_in().world):
        world.restore(json.loads(json.dumps(WRITTEN)))

        assert world.snapshot() == WRITTEN


def test_everything_goes_on_from_a_snapshot_as_if_nothing_had_happened() -> None:
    caller = lived_in()
    other = make_caller()
    assert put(other, caller.control("GET", "/snapshot").json).status_code == 200
    other.token = caller.token
    for bank in (caller, other):
        bank.control("DELETE", "/faults")
        bank.control("POST", "/clock", {"advance_seconds": 4 * 86_400})

    for path in (f"/accounts/transactions?accountId={ACCOUNT_ID}", "/accounts/balances", "/accounts"):
        assert other.get(path).data == caller.get(path).data
    for path in ("/payments", "/postings/check", "/customers", "/clients"):
        assert other.control("GET", path).data == caller.control("GET", path).data
    assert other.world.bank.check_books().differing == ()


def test_the_key_of_an_order_still_gives_its_first_reply() -> None:
    caller = make_caller()
    headers = {"Idempotency-Key": "key-1"}
    first = caller.post("/transfer/request", make_order(), headers=headers)
    restored = make_caller()
    put(restored, caller.world.snapshot())
    restored.token = caller.token

    assert restored.post("/transfer/request", make_order(), headers=headers).json == first.json
    assert len(restored.world.snapshot()["bank"]["applications"]) == 1


@pytest.mark.parametrize("reach", REACH.values(), ids=[status.name for status in REACH])
def test_a_transfer_in_any_state_is_written_and_read_back_to_the_last_detail(reach: Callable[[], Reached]) -> None:
    bank = reach().bank
    state = bank.look(lambda state, _: state)
    givens = BankGivens(state.rules, state.calendar, state.directory)

    again = read_bank(json.loads(json.dumps(write_bank(bank))), "/bank", givens)

    assert write_bank(again) == write_bank(bank)
    assert _without_zeros(fingerprint(again)["_state"]) == _without_zeros(fingerprint(bank)["_state"])


def _without_zeros(plain: Any) -> Any:
    """A counter that came back to nothing is as good as one that never counted."""
    if isinstance(plain, list):
        pairs = [it for it in plain if not (isinstance(it, tuple) and len(it) == 2 and it[1] == 0)]
        return [_without_zeros(it) for it in pairs]
    if isinstance(plain, tuple):
        return tuple(_without_zeros(it) for it in plain)
    return plain


def test_every_member_of_a_banks_memory_is_written_or_follows_from_what_is() -> None:
    written = set(WRITTEN["bank"]) - {"postings", "unreported", "visa_uses"}

    assert written | set(GIVEN) | set(FOLLOWING) == set(BankState.__slots__)


def changed(path: str, value: Any) -> dict[str, Any]:
    """Return the snapshot with one place changed; `...` takes the place away."""
    snapshot = deepcopy(WRITTEN)
    *steps, last = path.strip("/").split("/")
    place: Any = snapshot
    for step in steps:
        place = place[int(step)] if isinstance(place, list) else place[step]
    if value is ...:
        del place[int(last) if isinstance(place, list) else last]
    else:
        place[int(last) if isinstance(place, list) else last] = value
    return snapshot


APPLICATIONS = list(WRITTEN["bank"]["applications"])
SETTLED, WAITING, RESERVED = (f"/bank/applications/{number}" for number in APPLICATIONS)
POSTED = [posting["kind"] for posting in WRITTEN["bank"]["postings"]].index("TRANSFER")

BROKEN: list[tuple[str, Any, str]] = [
    ("/version", 2, "/version"),
    ("/version", True, "/version"),
    ("/format", "pickle", "/version"),
    ("/extra", 1, "/extra"),
    ("/bank", ..., "/bank"),
    ("/bank/extra", 1, "/bank/extra"),
    ("/bank/waiting", ..., "/bank/waiting"),
    ("/bank/waiting", {}, "/bank/waiting"),
    ("/bank/customers/corporate/kind", "robot", "/bank/customers/corporate"),
    ("/bank/customers/corporate/name", 5, "/bank/customers/corporate/name"),
    ("/bank/customers/corporate/name", "\ud800", "/bank/customers/corporate/name"),
    ("/oauth/clients/0/name", "", "/oauth/clients/0"),
    ("/oauth/clients/0/networks", [], "/oauth/clients/0"),
    ("/journal/0/reply_body", "\ud800", "/journal/0/reply_body"),
    ("/journal/0/duration_ms", float("nan"), "/journal/0/duration_ms"),
    ("/bank/customers/corporate/customer_id", "other", "/bank/customers/corporate"),
    (f"/bank/accounts/{ACCOUNT_ID}/customer_id", "nobody", f"/bank/accounts/{ACCOUNT_ID}/customer_id"),
    (f"/bank/accounts/{ACCOUNT_ID}/transfer_limit_yen", -1, f"/bank/accounts/{ACCOUNT_ID}"),
    (f"/bank/accounts/{ACCOUNT_ID}/opened_on", "2026-02-30", f"/bank/accounts/{ACCOUNT_ID}/opened_on"),
    (f"/bank/accounts/{ACCOUNT_ID}/opened_on", "0001-01-01", f"/bank/accounts/{ACCOUNT_ID}/opened_on"),
    (f"/bank/accounts/{ACCOUNT_ID}/primary", 1, f"/bank/accounts/{ACCOUNT_ID}/primary"),
    (f"{SETTLED}/account_id", "999", f"{SETTLED}/account_id"),
    (f"{SETTLED}/lines", [], f"{SETTLED}/lines"),
    (f"{SETTLED}/lines/0/amount_yen", 0, f"{SETTLED}/lines"),
    (f"{SETTLED}/lines/0/amount_yen", True, f"{SETTLED}/lines/0/amount_yen"),
    (f"{SETTLED}/lines/0/amount_yen", 1.5, f"{SETTLED}/lines/0/amount_yen"),
    (f"{SETTLED}/lines/0/amount_yen", 2**80, f"{SETTLED}/lines/0/amount_yen"),
    (f"{SETTLED}/lines/0/status", "PAID", f"{SETTLED}/lines/0/status"),
    (f"{SETTLED}/lines/0/status", "RESERVED", f"{SETTLED}/lines"),
    (f"{SETTLED}/lines/0/paid_to", "nowhere", f"{SETTLED}/lines/0/paid_to"),
    (f"{SETTLED}/lines/0/item_id", "7", f"{SETTLED}/lines"),
    (f"{SETTLED}/lines/0/accept_no", "2026040100000999", "/bank/numbers_given"),
    (f"{SETTLED}/requested_at", "2026-04-01T12:00:00", f"{SETTLED}/requested_at"),
    (f"{SETTLED}/requested_at", "9999-12-31T23:59:59-12:00", f"{SETTLED}/requested_at"),
    (f"{SETTLED}/request/result", "WAITING", f"{SETTLED}/request/deadline"),
    (f"{SETTLED}/request/cancel_class", "2", f"{SETTLED}/request/cancel_class"),
    (f"{WAITING}/lines/0/status", "RESERVED", f"{WAITING}/request/result"),
    (f"{WAITING}/request/deadline", None, f"{WAITING}/request/deadline"),
    (f"{RESERVED}/lines/0/status", "SETTLED", f"{RESERVED}/request/result"),
    ("/bank/agenda/heap/0/3", "2026040199999999", "/bank/agenda/heap/0/3"),
    ("/bank/agenda/heap/0/1", "SOMEDAY", "/bank/agenda/heap/0/1"),
    ("/bank/agenda/entries_count", 0, "/bank/agenda/heap"),
    ("/bank/replies", [], "/bank/agenda/heap/"),
    ("/bank/replies/0/1/result/apply_no", "1", "/bank/replies/0/1/result/apply_no"),
    ("/bank/numbers_given", {}, "/bank/numbers_given"),
    ("/bank/postings", "none", "/bank/postings"),
    ("/bank/postings/0/legs/0/amount_yen", -1, "/bank/postings/0/legs"),
    ("/bank/postings/0/legs/0/ledger", "moon", "/bank/postings/0/legs/0/ledger"),
    ("/bank/postings/0/legs/1/text", None, "/bank/postings/0/legs/1/text"),
    ("/bank/postings/0/legs", [], "/bank/postings/0/legs"),
    (f"/bank/postings/{POSTED}/reference/apply_no", "1", f"/bank/postings/{POSTED}/reference"),
    (f"/bank/postings/{POSTED}/kind", "GIFT", f"/bank/postings/{POSTED}/kind"),
    (f"/bank/postings/{POSTED}/reference", None, "/bank/postings"),
    ("/clock/now", "2026-03-01T00:00:00+00:00", "/clock/now"),
    ("/clock/now", "2300-01-01T00:00:00+00:00", "/clock/now"),
    ("/clock/rate", 0, "/clock/rate"),
    ("/clock/frozen", "no", "/clock/frozen"),
    ("/oauth/clients/0/redirect_uris", ["ftp://x"], "/oauth/clients/0"),
    ("/oauth/clients/0/networks", ["nowhere"], "/oauth/clients/0/networks/0"),
    ("/oauth/clients/0/authentication", "none", "/oauth/clients/0/authentication"),
    ("/oauth/clients/0/requests_per_second", 0, "/oauth/clients/0"),
    ("/oauth/access_tokens/0/grant/customer_id", "nobody", "/oauth/access_tokens/0/grant/customer_id"),
    ("/oauth/access_tokens/1", WRITTEN["oauth"]["access_tokens"][0], "/oauth/access_tokens"),
    ("/oauth/codes/0/customer_id", "nobody", "/oauth/codes/0/customer_id"),
    ("/oauth/codes/0/request/scopes", "openid", "/oauth/codes/0/request/scopes"),
    ("/limiter/loCa1C1ientShop1", [2.0], "/limiter/loCa1C1ientShop1"),
    ("/limiter/loCa1C1ientShop1", [0.1, 0.2], "/limiter/loCa1C1ientShop1"),
    ("/faults/rules/0/effect", "explode", "/faults/rules/0"),
    ("/faults/rules/0/point", "never", "/faults/rules/0"),
    ("/faults/rules/0/fault_id", "fault-2", "/faults/rules/0/fault_id"),
    ("/faults/rules/0/fault_id", "fault-²", "/faults/rules/0/fault_id"),
    ("/journal/0/request_body", {"hex": "zz"}, "/journal/0/request_body/hex"),
    ("/journal/0/headers", [], "/journal/0/headers"),
    ("/chance", [3, [1, 2], None], "/chance"),
    ("/chance", [3, "x", None], "/chance"),
    ("/chance", [], "/chance"),
    ("/site_key", "short", "/site_key"),
    ("/scenario/customers/0/logins/0/customer_id", "nobody", "/scenario"),
    ("/scenario/customers/0/kind", "robot", "/scenario/customers/0/kind"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "value", "at"), BROKEN, ids=[f"{path}-{number}" for number, (path, _, _) in enumerate(BROKEN)]
)
def test_a_broken_snapshot_changes_nothing_and_says_where(path: str, value: Any, at: str) -> None:
    world = BENCH.world
    before = world.snapshot()

    with pytest.raises(SnapshotError) as broken:
        world.restore(changed(path, value))

    assert broken.value.at.startswith(at)
    assert world.snapshot() == before


BENCH = make_caller()


def test_a_broken_snapshot_over_http_is_refused_with_its_place() -> None:
    caller = make_caller()
    before = caller.control("GET", "/snapshot").data

    refused = put(caller, changed("/bank/postings/0/legs/0/amount_yen", -1))

    assert (refused.status_code, refused.json["error"]["code"]) == (400, "snapshot_unusable")
    assert refused.json["error"]["at"] == "/bank/postings/0/legs"
    assert put(caller, changed("/version", 9)).json["error"]["code"] == "field_invalid"
    assert (
        caller.client.put(CONTROL + "/snapshot", data=b"\x80\x04N.", content_type="application/json").status_code == 400
    )
    assert caller.control("GET", "/snapshot").data == before


def test_a_snapshot_may_be_longer_than_any_other_body() -> None:
    caller = make_caller()
    entry = {**WRITTEN["journal"][0], "request_body": "x" * 16_000}

    reply = put(caller, {**WRITTEN, "journal": [entry] * 100})

    assert reply.status_code == 200
    assert len(caller.world.journal.all()) == 100


def places(value: Any, at: str = "") -> list[str]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for name, item in items for place in (f"{at}/{name}", *places(item, f"{at}/{name}"))]


PLACES = [place for place in places({**WRITTEN, "chance": None}) if "/chance" not in place]
ANYTHING = st.sampled_from([None, True, 0, -1, 2**70, 0.5, "", "x", "2026-04-01", [], {}, [None], {"x": 1}, ...])


@given(place=st.sampled_from(PLACES), value=ANYTHING)
def test_whatever_is_changed_in_a_snapshot_it_is_refused_or_the_bank_works_on(place: str, value: Any) -> None:
    world = BENCH.world
    try:
        world.restore(changed(place, value))
    except SnapshotError:
        return
    world.bank.tick(at=world.clock.now() + timedelta(days=400))
    world.bank.payments()
    assert world.bank.check_books().sum_yen == 0


def test_a_snapshot_brings_neither_rules_nor_pickles() -> None:
    assert not {"rules", "calendar", "directory", "settings"} & set(WRITTEN["bank"])
    assert json.loads(json.dumps(WRITTEN)) == WRITTEN
    with pytest.raises(TypeError, match="no way to write"):
        codec_of(object)


def test_a_snapshot_of_one_world_is_restored_in_another() -> None:
    caller = lived_in()
    world = worlds_of(caller.app).create("copy")

    world.restore(caller.world.snapshot())

    assert world.snapshot() == caller.world.snapshot()
