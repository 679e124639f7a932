"""What is never called, and whom nobody calls by mistake."""

import pytest

from mock_gmo.verify.documents import Contracts
from mock_gmo.verify.safety import (
    DEVELOPMENT,
    OTHER,
    PRODUCTION,
    SAFE,
    SANDBOX,
    UnsafeTarget,
    check_operations,
    check_target,
    is_path_of_unsafe,
)

EVERY = Contracts(("auth", "corporation", "personal", "webhooks"))
MOVING = ("requestTransfer", "requestBulkTransfer", "cancelTransfer", "transferBetweenSpAccounts", "issueToken")
OURS = check_target("http://127.0.0.1:8310")
PRODUCTION_BANK = check_target("https://api.gmo-aozora.com")


def test_every_operation_of_the_documents_is_in_the_table_and_has_a_reason() -> None:
    assert {operation.operation_id for operation in EVERY.operations} == set(SAFE)
    assert all(row.reason for row in SAFE.values())


def test_nothing_is_safe_but_inquiries() -> None:
    for operation in EVERY.operations:
        if SAFE[operation.operation_id].is_safe:
            assert operation.success_status == 200
            assert operation.method == "GET" or operation.relative_path.endswith(("/transferfee", "/va/list"))


@pytest.mark.parametrize(
    "url",
    [
        "http://bank.example",
        "ftp://bank.example",
        "bank.example",
        "https://user:secret@bank.example",
        "https://bank.example?token=abc",
        "https://bank.example/#part",
        "https://bank.example:99999",
        "https://[::1",
        "https://",
        "https://bank example",
        "http://127.0.0.1.bank.example",
        "http://0x7f.1.bank.example",
    ],
)
def test_a_target_that_is_no_plain_safe_url_is_refused(url: str) -> None:
    with pytest.raises(UnsafeTarget):
        check_target(url)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://api.gmo-aozora.com", PRODUCTION),
        ("https://API.GMO-AOZORA.COM./ganb/", PRODUCTION),
        ("https://new.gmo-aozora.com", PRODUCTION),
        ("https://gmo-aozora.com", PRODUCTION),
        ("https://stg-api.gmo-aozora.com", DEVELOPMENT),
        ("https://api.sunabar.gmo-aozora.com", SANDBOX),
        ("https://gmo-aozora.com.bank.example", OTHER),
        ("https://bank.example/w/one", OTHER),
        ("http://[::1]:8310", OTHER),
        ("http://localhost:8310", OTHER),
    ],
)
def test_a_host_of_the_bank_is_known_for_what_it_is(url: str, kind: str) -> None:
    assert check_target(url).kind == kind


@pytest.mark.parametrize("confirmed", [False, True])
def test_the_banks_production_is_asked_only_what_is_named_one_by_one(confirmed: bool) -> None:
    def choose(*allowed: str) -> list[str]:
        chosen = check_operations(
            EVERY.operations, allowed=allowed, target=PRODUCTION_BANK, is_production_confirmed=confirmed
        )
        return [operation.operation_id for operation in chosen]

    with pytest.raises(UnsafeTarget, match="production"):
        choose()
    if confirmed:
        assert choose("getBalances", "getAccounts") == ["getAccounts", "getBalances"]
    else:
        with pytest.raises(UnsafeTarget, match="--production-read-only"):
            choose("getAccounts")


@pytest.mark.parametrize("name", MOVING)
@pytest.mark.parametrize("target", [OURS, PRODUCTION_BANK])
def test_no_option_lets_anything_be_moved(name: str, target: object) -> None:
    with pytest.raises(UnsafeTarget, match="never called"):
        check_operations(EVERY.operations, allowed=(name,), target=target, is_production_confirmed=True)  # type: ignore[arg-type]


def test_a_name_that_does_not_exist_is_told_with_the_one_that_was_meant() -> None:
    with pytest.raises(UnsafeTarget, match="did you mean getAccounts"):
        check_operations(EVERY.operations, allowed=("getAcounts",), target=OURS, is_production_confirmed=False)


def test_the_path_of_a_moving_operation_is_known_under_any_prefix() -> None:
    unsafe = [operation for operation in EVERY.operations if not SAFE[operation.operation_id].is_safe]

    assert is_path_of_unsafe("/w/one/ganb/api/corporation/v1/transfer/request/", unsafe)
    assert is_path_of_unsafe("/corporation/v1/Transfer/Request", unsafe)
    assert not is_path_of_unsafe("/ganb/api/corporation/v1/transfer/request-result", unsafe)
