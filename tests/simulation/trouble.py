"""Acts of misfortune: messages, the bank's programs, processes, the database and clocks."""

from random import Random

from integrator.effects import NoCheckpoints
from integrator.purging import purge as purge_database
from integrator.restoring import Declaration, declare
from integrator.store.database import Database
from tests.simulation.network import API, BANK, CALLBACK, TROUBLES, Trouble
from tests.simulation.stage import WEB, Stage

PATHS = (
    "/transfer/request",
    "/transfer/request",
    "/transfer/request",
    "/transfer/status",
    "/transfer/status",
    "/transfer/request-result",
    "/transfer/cancel",
    "/accounts/transactions",
    "/token",
    "",
)
OPERATIONS = (
    "POST /transfer/request",
    "POST /transfer/request",
    "POST /transfer/request",
    "GET /transfer/status",
    "GET /transfer/request-result",
    "POST /transfer/cancel",
    "GET /accounts/transactions",
    "POST /token",
    "*",
)
POINTS = ("received", "admitted", "validated", "committed", "reply_written")
EFFECTS: dict[str, tuple[str, ...]] = {
    "received": ("drop", "status", "garbage", "delay"),  # doubled here, a call that was carried out would get a 429
    "admitted": ("drop", "status", "garbage", "duplicate", "delay"),
    "validated": ("drop", "status", "garbage", "duplicate", "delay"),
    "committed": ("drop", "status", "garbage", "truncate", "delay"),
    "reply_written": ("drop", "status", "garbage", "truncate", "delay"),
}
STATUSES = (429, 500, 502, 503, 504)
DEATHS = ("bank.before", "bank.after", "bank.after", "commit.before", "commit.after", "sleep", "callback.after")
LEAVES_DOUBT = ("reply lost", "reply lost", "torn", "corrupt", "late", "lost")
STAND_SECONDS = (1, 20, 100, 121, 300, 4000)


def on_the_way_to_bank(stage: Stage, chance: Random) -> str:
    """Something befalls the next call of a kind."""
    return _befall(stage, chance, BANK, chance.choice(PATHS))


def with_an_order(stage: Stage, chance: Random) -> str:
    """Something befalls the next order, and what follows it."""
    line = _befall(stage, chance, BANK, "/transfer/request", chance.choice((None, *LEAVES_DOUBT)))
    if chance.random() < 0.4:
        line += "; and " + _befall(stage, chance, BANK, chance.choice(("/transfer/status", "/transfer/request")))
    return line


def for_callbacks(stage: Stage, chance: Random) -> str:
    """Something befalls the next callback."""
    return _befall(stage, chance, CALLBACK, "")


def for_recore(stage: Stage, chance: Random) -> str:
    """Something befalls ReCORE's next call."""
    return _befall(stage, chance, API, chance.choice(("/payouts", "/payouts", "/cancel", "")))


def _befall(stage: Stage, chance: Random, way: str, path: str, wanted: str | None = None) -> str:
    what = wanted or chance.choice(list(TROUBLES[way]))
    stage.network.waiting.append(Trouble(way, what, path, chance.getrandbits(32)))
    return f"to come, of {way} {path or 'whatever is next'}: {TROUBLES[way][what]}"


def at_the_bank(stage: Stage, chance: Random) -> str:
    """A program of the bank fails at a named point of a call's life."""
    point = chance.choice((*POINTS, "committed", "committed"))
    effect = chance.choice(EFFECTS[point])
    fault = {
        "operation": chance.choice(OPERATIONS),
        "point": point,
        "effect": effect,
        "times": chance.choice((1, 1, 1, 3)),
    }
    if effect == "status":
        fault["status"] = chance.choice(STATUSES)
    if effect == "delay":
        fault["delay_ms"] = chance.choice((200, 5_000, 59_000))
    stage.must("POST", "/faults", fault)
    if effect in ("duplicate", "delay") or fault.get("status") == 429:
        stage.network.excused += 2 * int(str(fault["times"]))
    return f"to come, at the bank: {fault['operation']} at {point}: {effect} {fault.get('status', '')}".rstrip()


def kill(stage: Stage, chance: Random) -> str | None:
    """A worker is killed where it stands."""
    if not stage.workers:
        return None
    name = chance.choice(list(stage.workers))
    stood = stage.bury(name)
    return f"{name} is killed where it stands: {', '.join(stood)}"


def kill_at(stage: Stage, chance: Random) -> str | None:
    """A worker will be killed at one of its next effects of a kind."""
    if not stage.workers:
        return None
    name, point = chance.choice(list(stage.workers)), chance.choice(DEATHS)
    visit = chance.choice((1, 1, 1, 2, 3, 5))
    stage.workers[name].process.mishaps.deaths[point] = visit
    return f"to come: {name} dies at its {visit}. {point}"


def kill_web(stage: Stage, chance: Random) -> str | None:
    """The web is killed, with every request that it was about to answer."""
    if stage.recore.web is None:
        return None
    return f"the web is killed, with {len(stage.bury(WEB))} requests under way"


def start(stage: Stage, chance: Random) -> str | None:
    """Whoever died is followed by a new process."""
    missing = stage.cast.workers - len(stage.workers)
    if not missing and stage.recore.web is not None:
        return None
    stage.start_all()
    return "what was killed is started anew"


def database_fails(stage: Stage, chance: Random) -> str | None:
    """The database of one process fails at a commit: before it took effect, or after."""
    found = [each.process for each in (*stage.workers.values(), stage.recore.web) if each is not None]
    if not found:
        return None
    process = chance.choice(found)
    point = chance.choice(("commit.before", "commit.after"))
    process.mishaps.failures[point] = chance.choice((1, 1, 2, 4))
    return f"to come: the database of {process.name} fails at {point}"


def back_up(stage: Stage, chance: Random) -> str:
    """Somebody takes a copy of the database."""
    stage.write_backup()
    return "a backup of the database is taken"


def restore(stage: Stage, chance: Random) -> str | None:
    """The database is lost. The backup is restored as the runbook says, and ReCORE is told so."""
    if stage.backup is None:
        return None
    stage.bury_all()
    at = stage.restore_backup()
    database = Database(stage.installation.database_url, effects=NoCheckpoints())
    try:
        declare(database, Declaration(at, "担当者A"), at=stage.clock.now())
    finally:
        database.close()
    stage.invariants.restored()
    stage.recore.forget(set(stage.database.orders))
    stage.start_all()
    for order in stage.recore.orders:
        if order.payout_id is None and order.refused is None:
            stage.recore.place(order)
        elif order.wants_cancel and order.payout_id is not None:
            stage.recore.cancel(order)
    return f"the database is lost; the backup of {at:%m-%d %H:%M:%S}Z is restored and declared"


def purge(stage: Stage, chance: Random) -> str:
    """What is over is purged, as once a day."""
    database = Database(stage.installation.database_url, effects=NoCheckpoints())
    try:
        now = stage.clock.now()
        purge_database(database, now=now, machine_now=now, pause=lambda _seconds: None)
    finally:
        database.close()
    stage.invariants.purged()
    return "secrets that are over are purged"


def rotate_keys(stage: Stage, chance: Random) -> str:
    """Somebody changes the master key, and what it seals is sealed anew while everybody works."""
    stage.begin_rotation()
    return f"workers get master key number {len(stage.installation.keys)}, and everything is sealed anew"


def clock_back(stage: Stage, chance: Random) -> str:
    """The clock of the integrator's machine is set back a little."""
    seconds = chance.choice((0.05, 0.3, 2.0))
    stage.machine_clock.behind += seconds
    return f"the clock of the integrator's machine is set back by {seconds} s"


def stand_still(stage: Stage, chance: Random) -> str:
    """Everybody stands still where they stand while time passes, as a machine does that is suspended."""
    seconds = chance.choice(STAND_SECONDS)
    stage.clock.go_on(seconds)
    stage.network.disturb()
    return f"everybody stands still for {seconds} s"
