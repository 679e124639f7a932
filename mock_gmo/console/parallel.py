"""Worlds and snapshots through the control surface: banks beside the first, and a bank's whole state out and in."""

from typing import Any

from mock_gmo.console.problems import Problem
from mock_gmo.console.routes import Call
from mock_gmo.marked_yaml import DocumentError
from mock_gmo.snapshots.codec import SnapshotError
from mock_gmo.world import World
from mock_gmo.worlds import PREFIX, TooManyWorlds, WorldNameTaken, WorldNameUnusable, Worlds

Result = tuple[int, dict[str, Any] | None]


def write_snapshot(call: Call) -> Result:
    """Tell the whole state."""
    call.world.tick()
    return 200, call.world.snapshot()


def restore_snapshot(call: Call) -> Result:
    """Go to the state of a snapshot."""
    try:
        call.world.restore(call.body)
    except SnapshotError as broken:
        raise Problem("snapshot_unusable", str(broken), at=broken.at) from broken
    return 200, {"scenario": call.world.scenario.name, "now": call.world.clock.now().isoformat()}


def list_worlds(call: Call, *, worlds: Worlds) -> Result:
    """Tell the worlds beside the first."""
    _require_first(call, worlds)
    found = (worlds.find(name) for name in worlds.names())
    return 200, {"worlds": [_write_world(call, world) for world in found if world is not None]}


def create_world(call: Call, *, worlds: Worlds) -> Result:
    """Make a world, under a name of the caller's or of ours."""
    _require_first(call, worlds)
    try:
        world = worlds.create(call.path.get("world"), scenario=call.body.get("scenario"), seed=call.body.get("seed"))
    except DocumentError as unusable:
        raise Problem("scenario_unusable", str(unusable), at="/scenario") from unusable
    except WorldNameUnusable as unusable:
        raise Problem("field_invalid", str(unusable), at="world") from unusable
    except WorldNameTaken as taken:
        raise Problem("world_exists", str(taken)) from taken
    except TooManyWorlds as full:
        raise Problem("too_many_worlds", str(full)) from full
    return 201, _write_world(call, world)


def drop_worlds(call: Call, *, worlds: Worlds) -> Result:
    """Forget every world beside the first."""
    _require_first(call, worlds)
    worlds.drop_all()
    return 204, None


def drop_world(call: Call, *, worlds: Worlds) -> Result:
    """Forget one world."""
    _require_first(call, worlds)
    if not worlds.drop(call.path["world"]):
        raise Problem("world_unknown")
    return 204, None


def _require_first(call: Call, worlds: Worlds) -> None:
    # A test that works in a world of its own must not reach the worlds of others from there.
    if call.world.name != worlds.first.name:
        raise Problem("worlds_from_first_only")


def _write_world(call: Call, world: World) -> dict[str, Any]:
    return {"world": world.name, "base_url": f"{call.root_url}{PREFIX}{world.name}"}
