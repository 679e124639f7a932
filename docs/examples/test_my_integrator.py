"""A team's tests of its own client of the bank. Needs pytest, requests and the package of the bank, and nothing else.

`Integrator` stands for the code under test. The same is done with httpx, requests and urllib.
"""

import json
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import requests

from mock_gmo.testing.verdict import Belief, BeneficiaryKey, Claim, Finding

SUZUKI = BeneficiaryKey(bank_code="0001", branch_code="001", account_type="1", account_number="1234567")
TODAY = "2026-04-01"  # unless a test says otherwise, it is noon of this Wednesday at the bank


class ReplyLost(Exception):
    """The connection broke: the bank may have done it or not."""


def send_by_httpx(method, url, *, headers, form=None, body=None):
    try:
        answer = httpx.request(method, url, headers=headers, data=form, json=body)
    except httpx.TransportError as broken:
        raise ReplyLost from broken
    return answer.status_code, answer.json()


def send_by_requests(method, url, *, headers, form=None, body=None):
    try:
        answer = requests.request(method, url, headers=headers, data=form, json=body, timeout=30)
    except requests.ConnectionError as broken:
        raise ReplyLost from broken
    return answer.status_code, answer.json()


def send_by_urllib(method, url, *, headers, form=None, body=None):
    content = None
    if form is not None:
        content = urllib.parse.urlencode(form).encode()
    if body is not None:
        content, headers = json.dumps(body).encode(), {**headers, "Content-Type": "application/json"}
    request = urllib.request.Request(url, content, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)
    except OSError as broken:
        raise ReplyLost from broken


class Integrator:
    """Pays, and repeats an order whose reply was lost: the same bytes, under the same key."""

    def __init__(self, base_url, account_id, send):
        self.base_url, self.account_id, self.send = base_url, account_id, send
        self.token = None
        self.claims = []

    def connect(self, client, code):
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": client.redirect_uri,
            "client_id": client.client_id,
            "client_secret": client.client_secret,
        }
        status, answer = self.send("POST", f"{self.base_url}/ganb/api/auth/v1/token", headers={}, form=form)
        assert status == 200, answer
        self.token = answer["access_token"]

    def pay(self, payout_id, amount_yen, *, new_key_each_time=False):
        order = {
            "accountId": self.account_id,
            "transferDesignatedDate": TODAY,
            "transfers": [
                {
                    "transferAmount": str(amount_yen),
                    "beneficiaryBankCode": SUZUKI.bank_code,
                    "beneficiaryBranchCode": SUZUKI.branch_code,
                    "accountTypeCode": SUZUKI.account_type,
                    "accountNumber": SUZUKI.account_number,
                    "beneficiaryName": "ｽｽﾞｷ ﾊﾅｺ",
                    "ediInfo": payout_id,  # our own name of the payout: the mark by which its debits are known
                }
            ],
        }
        for attempt in range(3):
            key = f"{payout_id}-{attempt}" if new_key_each_time else payout_id
            headers = {"x-access-token": self.token, "Idempotency-Key": key}
            try:
                status, answer = self.send("POST", f"{self.base_url}{CORPORATION}/request", headers=headers, body=order)
            except ReplyLost:
                continue
            assert status == 201, answer
            self.claim(payout_id, amount_yen, Belief.OPEN)
            return answer["applyNo"]
        self.claim(payout_id, amount_yen, Belief.PERSON, reason="three replies were lost")
        return None

    def follow(self, payout_id, amount_yen, apply_no):
        query = urllib.parse.urlencode({"accountId": self.account_id, "queryKeyClass": "1", "applyNo": apply_no})
        url = f"{self.base_url}{CORPORATION}/status?{query}"
        _, answer = self.send("GET", url, headers={"x-access-token": self.token})
        if answer["transferDetails"][0]["transferStatus"] == "20":  # 手続済
            self.claim(payout_id, amount_yen, Belief.PAID)

    def claim(self, payout_id, amount_yen, belief, reason=None):
        self.claims = [claim for claim in self.claims if claim.claim_id != payout_id]
        marks = frozenset({payout_id})
        self.claims.append(Claim(payout_id, amount_yen, belief, reason=reason, marks=marks, beneficiary=SUZUKI))


CORPORATION = "/ganb/api/corporation/v1/transfer"


@pytest.fixture(params=[send_by_httpx, send_by_requests, send_by_urllib], ids=["httpx", "requests", "urllib"])
def integrator(request, gmo_bank_server):
    """An integrator with a token, against a bank of this test's own on a port of this machine."""
    made = Integrator(gmo_bank_server.base_url, gmo_bank_server.account_id, request.param)
    made.connect(gmo_bank_server.client, gmo_bank_server.consent().code)
    return made


def test_a_payout_is_paid_once(integrator, gmo_bank_server, gmo_clock, gmo_verdict):
    apply_no = integrator.pay("P1", 30_000)
    gmo_bank_server.confirm(apply_no)
    gmo_clock.advance(minutes=10)
    integrator.follow("P1", 30_000, apply_no)

    verdict = gmo_verdict(integrator.claims)

    assert verdict.of("P1").finding is Finding.PAID_ONCE


def test_a_lost_reply_pays_nothing_twice(integrator, gmo_bank_server, gmo_clock, gmo_faults, gmo_verdict):
    gmo_faults.lose_reply("POST /transfer/request")

    apply_no = integrator.pay("P1", 30_000)
    gmo_bank_server.confirm_all()
    gmo_clock.advance(minutes=10)
    integrator.follow("P1", 30_000, apply_no)

    assert gmo_faults.left() == []  # it has struck
    gmo_verdict(integrator.claims)


def test_a_new_key_for_the_repetition_is_found_out(integrator, gmo_bank_server, gmo_clock, gmo_faults, gmo_verdict):
    gmo_faults.lose_reply("POST /transfer/request")

    integrator.pay("P1", 30_000, new_key_each_time=True)
    gmo_bank_server.confirm_all()
    gmo_clock.advance(minutes=10)

    verdict = gmo_verdict(integrator.claims, expect_good=False)
    assert verdict.of("P1").finding is Finding.PAID_TWICE
    assert verdict.of("P1").away_yen == 60_000


def test_what_stays_open_is_told_with_its_age(integrator, gmo_clock, gmo_verdict):
    integrator.pay("P1", 30_000)  # and nobody confirms it
    began = gmo_clock.now()
    gmo_clock.advance(hours=2)
    [claim] = integrator.claims
    open_since = [Claim(claim.claim_id, claim.amount_yen, claim.belief, since=began, marks=claim.marks)]

    verdict = gmo_verdict(open_since, open_for_at_most=timedelta(hours=1), expect_good=False)

    assert [row.finding for row in verdict.bad] == [Finding.OPEN]


@pytest.mark.gmo_bank(at=datetime(2026, 5, 2, 1, 0, tzinfo=UTC), confirmation_required=False)
def test_in_process_without_a_socket_on_a_saturday(gmo_bank, gmo_verdict):
    with httpx.Client(transport=gmo_bank.transport(), base_url=gmo_bank.base_url) as http:
        answer = http.get(
            "/ganb/api/corporation/v1/accounts/balances", headers={"x-access-token": gmo_bank.access_token()}
        )

    assert answer.json()["balances"][0]["balance"] == "10000000"
    gmo_verdict([])
