"""Processes that are told to end: a call under way is finished and recorded, and whoever waits is answered."""

import json
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.world import PAYOUT, SCOPE
from tools.sandbox import Sandbox

LOOKS_MAX = 3000
CALL_MS = 2_500
WORKER_ENDS_WITHIN_SECONDS = 30.0  # the call under way, and a busy machine
WEB_ENDS_WITHIN_SECONDS = 10.0
REQUEST_ID = "recore-2026-000123"


class Programs:
    """Bank, web and worker as processes, with one company connected."""

    def __init__(self, sandbox: Sandbox, log: Path) -> None:
        self.sandbox = sandbox
        self._log = log
        facts = sandbox.facts
        path = f"{facts['integrator_url']}/v1/companies/{facts['company_id']}"
        key = {"Authorization": f"Bearer {facts['api_key']}"}
        self.recore = httpx.Client(base_url=path, headers=key, timeout=30, trust_env=False)
        self.bank = httpx.Client(base_url=f"{facts['bank_url']}/_sandbox/v1", timeout=30, trust_env=False)

    def connect(self) -> None:
        """Consent at the bank, and follow the browser's way back."""
        url = self.recore.post("/authorization").raise_for_status().json()["authorization_url"]
        facts = self.sandbox.facts
        consent = {
            "client_id": facts["client_id"],
            "customer_id": facts["customer_id"],
            "scope": SCOPE,
            "redirect_uri": facts["redirect_uri"],
            "state": httpx.URL(url).params["state"],
        }
        location = self.bank.post("/consents", json=consent).raise_for_status().json()["location"]
        httpx.get(location, timeout=30, trust_env=False).raise_for_status()
        self.look_until(lambda: self.recore.get("/connection").json()["connected"])

    def place(self, key: str) -> str:
        """Place a payout under the id of ReCORE's request."""
        headers = {"Idempotency-Key": key, "X-Request-Id": REQUEST_ID}
        payout_id: str = (
            self.recore.post("/payouts", json=PAYOUT, headers=headers).raise_for_status().json()["payout_id"]
        )
        return payout_id

    def payout(self, payout_id: str) -> dict[str, Any]:
        """Return where a payout stands."""
        found: dict[str, Any] = self.recore.get(f"/payouts/{payout_id}").raise_for_status().json()
        return found

    def look_until(self, is_so: Any) -> None:
        """Look again and again, a bounded number of times."""
        assert any(is_so() for _ in range(LOOKS_MAX)), "it did not come about"

    def told(self, event: str) -> list[dict[str, Any]]:
        """Return the lines of this event in the programs' log."""
        lines = (line for line in self._log.read_text(encoding="utf-8").splitlines() if line.startswith("{"))
        return [found for line in lines if (found := json.loads(line)).get("event") == event]


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Programs]:
    log = tmp_path / "programs.log"
    with Sandbox(bank_port=0, integrator_port=0, log=log) as sandbox:
        made = Programs(sandbox, log)
        made.connect()
        yield made
        made.recore.close()
        made.bank.close()


def test_a_worker_told_to_end_finishes_and_records_its_call_and_begins_nothing(programs: Programs) -> None:
    fault = {"operation": "POST /transfer/request", "point": "committed", "effect": "delay", "delay_ms": CALL_MS}
    programs.bank.post("/faults", json={**fault, "times": 1}).raise_for_status()
    first = programs.place("order-1")
    programs.look_until(lambda: programs.payout(first)["state"] == "submitting")

    os.kill(programs.sandbox.process_ids["worker"], signal.SIGTERM)
    second = programs.place("order-2")

    assert programs.sandbox.end("worker", within_seconds=WORKER_ENDS_WITHIN_SECONDS) == 0
    states = [step["state"] for step in programs.payout(first)["history"]]
    assert states == ["accepted", "submitting", "awaiting_confirmation"]
    assert [step["state"] for step in programs.payout(second)["history"]] == ["accepted"]
    assert programs.told("worker.stopped") != []


def test_one_id_leads_from_recores_request_to_the_calls_at_the_bank(programs: Programs) -> None:
    payout = programs.place("order-1")
    programs.look_until(lambda: programs.payout(payout)["state"] == "awaiting_confirmation")

    orders = [line for line in programs.told("bank.called") if line["context"] == "requestTransfer"]
    recorded = [line["request_id"] for line in programs.told("payout.call_recorded")]
    answered = [line for line in programs.told("http.answered") if line["operation"] == "requestPayout"]
    assert [line["request_id"] for line in (*orders, *answered)] == [REQUEST_ID] * 2
    assert recorded == [REQUEST_ID]
    assert orders[0]["submission"].startswith("su_")
    assert {line["level"] for line in orders} == {"info"}


def test_a_web_process_told_to_end_answers_who_waits(programs: Programs) -> None:
    os.kill(programs.sandbox.process_ids["worker"], signal.SIGTERM)
    programs.sandbox.end("worker", within_seconds=WORKER_ENDS_WITHIN_SECONDS)
    answers: list[int] = []
    asking = threading.Thread(target=lambda: answers.append(programs.recore.get("/accounts").status_code))
    asking.start()
    programs.look_until(lambda: _waits_for_the_worker(programs))

    os.kill(programs.sandbox.process_ids["web"], signal.SIGTERM)

    assert programs.sandbox.end("web", within_seconds=WEB_ENDS_WITHIN_SECONDS) == 0
    asking.join()
    assert answers == [504]


def _waits_for_the_worker(programs: Programs) -> bool:
    operator = {"Authorization": f"Bearer {programs.sandbox.facts['operator_key']}"}
    text = httpx.get(f"{programs.sandbox.integrator_url}/metrics", headers=operator, trust_env=False).text
    return "integrator_questions_waiting 1.0" in text
