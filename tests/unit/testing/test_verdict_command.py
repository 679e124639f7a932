"""`python -m mock_gmo.testing verdict` over a running bank, with claims from a file and from our own integrator."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner, Result
from werkzeug.serving import make_server

from mock_gmo.secret import Secret
from mock_gmo.testing.__main__ import main
from mock_gmo.testing.bank import Bank
from mock_gmo.testing.beliefs import claims_of_payouts, claims_schema
from mock_gmo.testing.fetching import IntegratorUnreachable, fetch_payouts
from mock_gmo.testing.hosting import Host, Wish
from mock_gmo.testing.verdict import Finding
from tests.builders import COMPANY_ID
from tests.world import World, build_world

ORDER = {
    "accountId": "101010012345",
    "transferDesignatedDate": "2026-04-01",
    "transfers": [
        {
            "transferAmount": "500",
            "beneficiaryBankCode": "0001",
            "beneficiaryBranchCode": "001",
            "accountTypeCode": "1",
            "accountNumber": "1234567",
            "beneficiaryName": "ﾔﾏﾀﾞ ﾀﾛｳ",
            "ediInfo": "P1",
        }
    ],
}


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    made = Host(monotonic=time.monotonic, sleep=time.sleep)
    yield made
    made.close()


@pytest.fixture(scope="module")
def paid(host: Host) -> Iterator[Bank]:
    """A bank on a port, that debited 500 yen for P1."""
    inside = host.open(Wish(confirmation_required=False))
    bank = host.serve(inside)
    headers = {"x-access-token": bank.access_token()}
    answer = bank.http.post("/ganb/api/corporation/v1/transfer/request", json=ORDER, headers=headers)
    assert answer.status_code == 201, answer.text
    bank.clock.advance(minutes=10)
    yield bank
    bank.close()
    host.drop(inside)


@pytest.fixture
def world(migrated_sqlite_url: str) -> Iterator[World]:
    built = build_world(migrated_sqlite_url)
    yield built
    built.close()


def command(*arguments: str) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def written(folder: Path, content: object) -> Path:
    path = folder / "claims.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def claims(belief: str, **more: object) -> dict[str, object]:
    return {"claims": [{"id": "P1", "amount_yen": 500, "belief": belief, "marks": ["P1"], **more}]}


@pytest.mark.parametrize(
    ("content", "options", "code", "last"),
    [
        (claims("paid"), [], 0, "GOOD: paid_once 1"),
        (claims("dead"), [], 1, "BAD: believed_failed_but_paid 1"),
        ({"claims": []}, [], 1, "BAD: debit_without_claim 1"),
        ({"claims": []}, ["--account", "101020067890"], 0, "GOOD: no payout, no debit"),
        (claims("open", since="2026-04-01T12:00:00+09:00"), [], 0, "GOOD: open 1"),
        (claims("open", since="2026-04-01T12:00:00+09:00"), ["--open-for-at-most", "9"], 1, "BAD: open 1"),
    ],
)
def test_the_exit_code_is_the_verdict(paid, tmp_path, content, options, code, last):
    ran = command("verdict", "--bank", paid.base_url, "--claims", written(tmp_path, content), *options)

    assert (ran.exit_code, ran.stdout.splitlines()[-1]) == (code, last), ran.output


@pytest.mark.parametrize("content", ["not JSON", '{"claims":[{}]}', '{"claims":[{"id":"P1"}]}'])
def test_claims_that_cannot_be_read_are_no_verdict(paid, tmp_path, content):
    ran = command("verdict", "--bank", paid.base_url, "--claims", written(tmp_path, content))

    assert ran.exit_code == 2
    assert ran.stderr.startswith("verdict: ")
    assert ran.stdout == ""


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http://127.0.0.1:1", "Connection refused"),
        ("{paid}/nowhere", "is this a bank of `mock-gmo serve`?"),
        ("{paid}-other", "world_unknown"),
        ("ftp://127.0.0.1", "ftp"),
        ("http://[", "http://["),
    ],
)
def test_a_bank_that_is_none_is_no_verdict_and_the_reason_is_told(paid, tmp_path, address, reason):
    url = address.format(paid=paid.base_url)

    ran = command("verdict", "--bank", url, "--claims", written(tmp_path, claims("paid")))

    assert ran.exit_code == 2, ran.output
    assert reason in ran.stderr


@pytest.mark.parametrize(
    "source", [[], ["--integrator", "http://127.0.0.1:1"], ["--company", "x", "--claims", "{file}"]]
)
def test_claims_come_from_one_place(paid, tmp_path, source):
    file = str(written(tmp_path, claims("paid")))

    ran = command("verdict", "--bank", paid.base_url, *(part.format(file=file) for part in source))

    assert ran.exit_code == 2
    assert "expected either --claims FILE or --integrator URL" in ran.stderr


def test_the_schema_of_a_claims_file_is_printed():
    assert json.loads(command("schema").stdout) == claims_schema()


@contextmanager
def served(application: object) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, application, threaded=True)
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_payouts_of_our_integrator_are_judged_by_their_marks(world: World, tmp_path: Path) -> None:
    world.consent()
    settled = world.request_payout(key="o1")
    world.advance(seconds=1)
    cancelled = world.request_payout(key="o2")
    world.cancel(cancelled)
    world.run_until_idle()
    world.confirm_all()
    world.run_for(minutes=30, every_seconds=300)
    waiting = world.request_payout(key="o3")
    key = tmp_path / "key"
    key.write_text(f"{world.api_key.reveal()}\n", encoding="utf-8")

    with served(world.bank_app) as bank, served(world.web_app) as web:
        given = ["--bank", bank, "--integrator", web, "--company", COMPANY_ID]
        good = command("verdict", *given, "--key-file", str(key))
        pages = fetch_payouts(web, COMPANY_ID, Secret(world.api_key.reveal()), page_size=1)
        key.write_text("not a key", encoding="utf-8")
        unreadable = command("verdict", *given, "--key-file", str(key))
        with pytest.raises(IntegratorUnreachable, match="401"):
            fetch_payouts(web, COMPANY_ID, Secret("rk_unknown"))

    assert good.exit_code == 0, good.output
    assert good.stdout.splitlines()[-1] == "GOOD: paid_once 1, not_paid 1, open 1"
    assert [payout["payout_id"] for payout in pages] == [settled, cancelled, waiting]
    [debit] = world.payments()
    assert claims_of_payouts(pages)[0].marks == frozenset({debit.edi_info})
    assert (unreadable.exit_code, "expected one API key" in unreadable.stderr) == (2, True)


def test_an_integrator_that_does_not_answer_is_told():
    with pytest.raises(IntegratorUnreachable, match="Connection refused"):
        fetch_payouts("http://127.0.0.1:1", COMPANY_ID, Secret("x"))


def test_a_finding_has_a_row_in_the_documentation():
    documented = (Path(__file__).resolve().parents[3] / "docs" / "testing.md").read_text(encoding="utf-8")

    assert all(f"`{finding}`" in documented for finding in Finding)
