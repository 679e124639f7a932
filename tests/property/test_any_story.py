"""Whatever breaks in whatever order: when faults stop and time goes on, every payout is paid once or known dead.

A story is drawn by Hypothesis and told in one world on SQLite. The invariants hold at every step.
"""

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import given, note, settings
from hypothesis import strategies as st

from integrator.domain.payout import DEAD, PayoutState
from tests.databases import make_migrated_file
from tests.invariants import assert_all_is_well
from tests.world import WorkerKilled, World, build_world

FINAL = {*DEAD, PayoutState.SETTLED, PayoutState.NEEDS_PERSON}
POINTS = ("bank.before", "bank.after", "commit.before", "commit.after", "sleep")
EFFECTS = (
    ("committed", "drop"),
    ("committed", "garbage"),
    ("committed", "status"),
    ("received", "drop"),
    ("received", "status"),
)

OPERATIONS = (
    "POST /transfer/request",
    "GET /transfer/status",
    "GET /transfer/request-result",
    "POST /transfer/cancel",
    "POST /token",
)
Act = tuple[Any, ...]
ACTS = st.one_of(
    st.tuples(st.just("place"), st.integers(1, 3)),
    st.tuples(st.just("place many"), st.integers(2, 6)),
    st.tuples(st.just("place bad"), st.integers(1, 2)),
    st.tuples(st.just("limit"), st.sampled_from([3_000, 5_000_000])),
    st.tuples(st.just("cancel"), st.integers(0, 9)),
    st.tuples(st.just("step"), st.integers(0, 1)),
    st.tuples(st.just("step"), st.integers(0, 1)),
    st.tuples(st.just("kill"), st.integers(0, 1), st.sampled_from(POINTS), st.integers(1, 4)),
    st.tuples(st.just("lose"), st.sampled_from(OPERATIONS), st.sampled_from(EFFECTS)),
    st.tuples(st.just("wait"), st.sampled_from([1, 5, 60, 130, 601, 3600, 12 * 3600])),
    st.tuples(st.just("confirm")),
    st.tuples(st.just("refuse connection")),
    st.tuples(st.just("revoke")),
)


def place(world: World, how: str, number: int) -> None:
    """Ask for a payout, for several that may go together, or for one that the bank refuses."""
    if how == "place bad":
        unknown = {**world.order()["beneficiary"], "branch_code": "999"}
        world.request_payout(key=f"bad-{number}", amount_yen=500, beneficiary=unknown)
    elif how == "place many":
        for each in range(number):
            world.request_payout(key=f"many-{each}", amount_yen=2000 + each)
    else:
        world.request_payout(key=f"order-{number}", amount_yen=1000 + number)


def tell(world: World, act: Act) -> None:
    """Let one act of a story happen."""
    match act:
        case ("place" | "place many" | "place bad" as how, number):
            place(world, how, number)
        case ("cancel", number):
            placed = world.recore("GET", "/v1/companies/shop-0001/payouts").json["payouts"]
            if placed:
                world.cancel(placed[number % len(placed)]["payout_id"])
        case ("step", worker):
            with suppress(WorkerKilled):
                world.step(worker)
        case ("kill", worker, point, visit):
            world.kill_switches[worker].kill_at(point, visit=visit)
        case ("lose", operation, (point, effect)):
            world.fault(point, effect, operation=operation)
        case ("wait", seconds):
            world.advance(seconds=seconds)
        case ("limit", yen):
            world.change_customer(transfer_limit_yen={"101010012345": yen})
        case ("confirm",):
            world.confirm_all()
        case ("refuse connection",):
            world.line.refuse_connections = 1
        case ("revoke",):
            world.control("POST", "/tokens/expire", {"client_id": world.client_id()})
        case _:
            raise AssertionError(f"no such act: {act}")


@settings(max_examples=5)
@given(st.booleans(), st.lists(ACTS, min_size=5, max_size=40))
def test_every_story_ends_with_each_payout_paid_once_or_known_not_to_be(confirms: bool, acts: list[Act]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = make_migrated_file(Path(folder) / "integrator.sqlite3")
        world = build_world(url, worker_count=2)
        try:
            world.consent()
            world.change_customer(confirmation_required=confirms)
            for act in acts:
                note(f"{world.clock.now():%d %H:%M:%S} {' '.join(map(str, act))}")
                tell(world, act)
                assert_all_is_well(world)
            everything_calms_down(world)
            told = world.recore("GET", "/v1/companies/shop-0001/payouts").json["payouts"]
            assert all(payout["state"] in FINAL for payout in told), [payout["state"] for payout in told]
            assert_all_is_well(world)
        finally:
            world.close()


def everything_calms_down(world: World) -> None:
    world.control("DELETE", "/faults")
    world.line.refuse_connections = 0
    for switch in world.kill_switches:
        switch.spare()
    world.consent()
    for _ in range(3):
        world.run_for(minutes=3, every_seconds=20)
        world.confirm_all()
    world.run_for(hours=30, every_seconds=1800)
