"""A long life of every scenario: told twice it is the same, and a bank restored in its middle goes on the same."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from mock_gmo.app import worlds_of
from mock_gmo.snapshots.banks import ANSWER_DUES
from mock_gmo.snapshots.codec import SnapshotError
from mock_gmo.snapshots.diff import diff_snapshots
from tests.unit.gateway.calling import CONTROL, make_caller
from tests.unit.worlds.stories import SCENARIOS, Life

ROOT = Path(__file__).resolve().parents[3]
DIGEST = """
import hashlib, json
from tests.unit.gateway.calling import make_caller
from tests.unit.worlds.stories import Life
caller = make_caller(seed=11)
life = Life(caller.app.test_client(), "corporate").live()
print(hashlib.sha256(repr(life.heard).encode() + json.dumps(caller.world.snapshot()).encode()).hexdigest())
"""


@cache
def halfway(scenario: str) -> tuple[Life, dict[str, Any]]:
    """Return a life, and the snapshot of its world as it stands."""
    caller = make_caller(seed=3)
    caller.control("POST", "/reset", {"scenario": scenario})
    life = Life(caller.app.test_client(), scenario).live()
    return life, caller.world.snapshot()


@cache
def rich() -> dict[str, Any]:
    return halfway("corporate")[1]


def states_in(snapshot: Mapping[str, Any]) -> set[str]:
    return {line["status"] for it in snapshot["bank"]["applications"].values() for line in it["lines"]}


def test_the_life_of_a_company_has_something_of_everything() -> None:
    snapshot = rich()

    assert len(states_in(snapshot)) >= 5
    assert {it["kind"] for it in snapshot["bank"]["applications"].values()} == {"SINGLE", "BULK"}
    assert {it["state"] for it in snapshot["notifications"]["messages"]} >= {"WAITING"}
    assert snapshot["bank"]["virtual"]["accounts"]
    assert snapshot["bank"]["replies"]
    assert {kind for _, kind, *_ in snapshot["bank"]["agenda"]["heap"]} & {kind.name for kind in ANSWER_DUES}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_restored_world_goes_on_exactly_as_its_origin(scenario: str) -> None:
    life, snapshot = halfway(scenario)
    other = make_caller(seed=9)
    worlds = worlds_of(other.app)
    worlds.create("restored").restore(json.loads(json.dumps(snapshot)))
    worlds.create("origin").restore(snapshot)
    worlds.fork(worlds.create("between"), "unused")
    fork = worlds.fork(worlds.find("restored") or other.world, "fork")

    told = []
    for name in ("origin", "restored", "fork"):
        again = Life(
            other.app.test_client(), scenario, f"/w/{name}", token=life.token,
            account_id=life.account_id, side_account_id=life.side_account_id, applications=list(life.applications),
        )  # fmt: skip
        told.append(again.go_on().heard)

    assert len(told[0]) > 50
    assert told[1] == told[0]
    assert told[2] == told[0]
    assert fork.snapshot(with_journal=False) == (worlds.find("origin") or fork).snapshot(with_journal=False)
    assert fork.bank.check_books().differing == ()


def test_the_origin_of_a_restored_world_goes_on_as_well() -> None:
    caller = make_caller(seed=3)
    life = Life(caller.app.test_client(), "corporate").live()
    count = len(life.heard)
    other = make_caller(seed=4)
    other.world.restore(json.loads(json.dumps(caller.world.snapshot())))
    again = Life(
        other.app.test_client(), "corporate", token=life.token,
        account_id=life.account_id, side_account_id=life.side_account_id, applications=list(life.applications),
    )  # fmt: skip

    assert again.go_on().heard == life.go_on().heard[count:]
    assert diff_snapshots(caller.world.snapshot(), other.world.snapshot()).is_empty


def test_two_processes_tell_the_same_bytes_however_their_hashes_fall() -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", DIGEST],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
        )
        for seed in ("1", "2")
    ]
    first, second = (process.communicate()[0] for process in processes)

    assert [process.returncode for process in processes] == [0, 0]
    assert len(first) > 64
    assert first == second


def _change_bulk_numbers(snapshot: dict[str, Any]) -> str:
    apply_no = next(no for no, it in snapshot["bank"]["applications"].items() if it["kind"] == "BULK")
    snapshot["bank"]["applications"][apply_no]["lines"][0]["item_id"] = "\x00"
    return f"/bank/applications/{apply_no}/lines"


def _turn_bulk_lines(snapshot: dict[str, Any]) -> str:
    apply_no = next(no for no, it in snapshot["bank"]["applications"].items() if it["kind"] == "BULK")
    snapshot["bank"]["applications"][apply_no]["lines"].reverse()
    return f"/bank/applications/{apply_no}/lines"


def _shorten_a_message_id(snapshot: dict[str, Any]) -> str:
    snapshot["notifications"]["messages"][2]["message_id"] = "0"
    return "/notifications/messages/2/message_id"


@pytest.mark.parametrize("damage", [_change_bulk_numbers, _turn_bulk_lines, _shorten_a_message_id])
def test_what_no_bank_could_remember_is_refused_with_its_place(damage: Any) -> None:
    caller, snapshot = make_caller(), deepcopy(rich())
    at, before = damage(snapshot), caller.world.memory

    with pytest.raises(SnapshotError) as refused:
        caller.world.restore(snapshot)

    assert refused.value.at == at
    assert caller.world.memory is before


def test_a_portal_token_that_came_with_a_snapshot_outlives_a_reset() -> None:
    one, other = make_caller(profile="sunabar"), make_caller(profile="sunabar", seed=9)

    other.world.restore(one.world.snapshot())
    assert other.control("POST", "/reset", {}).status_code == 200

    assert other.control("GET", "/customers").json["customers"][0]["portal_token"] == one.token
    fork = worlds_of(one.app).fork(one.world, "fork")
    fork.reset()
    assert one.client.get(f"/w/fork{CONTROL}/customers").json["customers"][0]["portal_token"] == one.token
