"""The world itself: bank, processes, ReCORE and people joined on one clock, and the story that is told of it."""

import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

from integrator import companies
from integrator.companies import NewKey, Registration, Role
from integrator.effects import NoCheckpoints
from integrator.keys import LocalKeys
from integrator.rotation import rotate
from integrator.secret import Secret
from integrator.store.database import Database
from integrator.vault import Intake, Vault
from mock_gmo.app import create_app, world_of
from mock_gmo.bank.states import TransferStatus
from mock_gmo.settings import Settings
from tests.builders import make_new_text
from tests.databases import make_migrated_file
from tests.simulation.baton import MOVES_MAX, Baton, MachineClock, WorldClock
from tests.simulation.checks import Invariants
from tests.simulation.ledger import DatabaseView
from tests.simulation.network import Mail, Network
from tests.simulation.processes import PUBLIC_URL, Installation, Process, WebProcess, WorkerProcess
from tests.simulation.recore import CALLBACK_URL, ReCORE

JAPAN = timedelta(hours=9)
ACCOUNTS = {"corporate": "101010012345", "approvals": "101010023456"}
WEB, ROTATION = "web", "rotation"
LONG_SECONDS, MORNING_SECONDS, EVENING_SECONDS = 3000.0, 900.0, 1200.0


class NotSetUp(AssertionError):
    """The world could not be set up: that fails a test, and never passes it."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays in a world, and when it begins."""

    scenario: str = "corporate"
    companies: int = 1
    workers: int = 2
    start: datetime = field(default_factory=lambda: datetime.fromisoformat("2026-04-01T03:00:00+00:00"))
    needs_confirmation: bool = True
    confirmation_seconds: int = 600


@dataclass
class Company:
    """One company as the world knows it."""

    company_id: str
    client: dict[str, Any]


class Stage:
    """One world. Whatever moves in it moves through `baton`."""

    def __init__(self, cast: Cast, *, seed: int, folder: Path) -> None:
        self.cast = cast
        self.chance = Random(f"world {seed}")  # noqa: S311  (a seeded world)
        self.clock = WorldClock(cast.start)
        self.baton = Baton(self.clock)
        self.machine_clock = MachineClock(self.baton)  # one host: the gate needs machines that agree, see decision 0010
        self.story: list[str] = []
        self.logs: list[str] = []
        self.network = Network(self.baton, self.tell)
        self.path = folder / "integrator.sqlite3"
        make_migrated_file(self.path)
        self.bank_app = create_app(
            Settings.from_env(
                {
                    "INTEGRATOR_PORT": str(urlsplit(PUBLIC_URL).port),
                    "MOCK_GMO_SCENARIO": cast.scenario,
                    "MOCK_GMO_RULE_CONFIRMATION_SECONDS": str(cast.confirmation_seconds),
                }
            ),
            real_time=self.clock.seconds,
            monotonic=self.clock.monotonic,
            random_source=Random(seed),  # noqa: S311
            sleep=self.clock.go_on,
        )
        self.customer_id = cast.scenario
        self.installation = Installation.make(self.path, self.chance)
        self.database = DatabaseView(self.path)
        self.invariants = Invariants(self.bank_app, self.database, self.network, logs=self.logs, folder=folder)
        self.recore = ReCORE(self.baton, self.network, self.tell, self.invariants.on_told)
        self.invariants.recore = self.recore
        self.network.on_order, self.network.on_event = self.invariants.on_order, self.invariants.on_event
        self.mail = Mail(self.network, self.recore.take_callback)
        self.workers: dict[str, WorkerProcess] = {}
        self.companies: list[Company] = []
        self.backup: tuple[datetime, bytes] | None = None
        self.operator_key = Secret("")
        self._births = 0
        self.baton.after_move = lambda _actor: self.after_move()

    # --- the story ---------------------------------------------------------------------------------------------

    def tell(self, line: str) -> None:
        """Add a line to the story, with the world's time in Japan."""
        self.story.append(f"{self.clock.now() + JAPAN:%m-%d %H:%M:%S}  {line}")

    def after_move(self) -> None:
        """Bury whoever died by that motion, and check the invariants."""
        for process in [each.process for each in (*self.workers.values(), self.recore.web) if each is not None]:
            if process.is_dead:
                self.bury(process.name)
        self.invariants.look()

    def let_pass(self, seconds: float, chance: Random, *, moves_max: int = MOVES_MAX) -> None:
        """Let time pass while everybody works; of hours, the machines are on at either end of each stretch."""
        if seconds > LONG_SECONDS:
            self.baton.pass_time(MORNING_SECONDS, chance, moves_max=moves_max)
            self.clock.go_on(seconds - MORNING_SECONDS - EVENING_SECONDS)
            self.network.disturb()
            seconds = EVENING_SECONDS
        self.baton.pass_time(seconds, chance, moves_max=moves_max)

    # --- processes ---------------------------------------------------------------------------------------------

    def start_worker(self, name: str) -> None:
        """Start a worker process, unless it runs."""
        if name not in self.workers:
            self.workers[name] = WorkerProcess(
                self._process(name),
                self.installation,
                bank=self.bank_app,
                mail=self.mail,
                network=self.network,
                chance=Random(self.chance.getrandbits(64)),  # noqa: S311
            )

    def start_web(self) -> None:
        """Start the web process, unless it runs."""
        if self.recore.web is None:
            self.recore.web = WebProcess(
                self._process(WEB),
                self.installation,
                chance=Random(self.chance.getrandbits(64)),  # noqa: S311
            )

    def start_all(self) -> None:
        """Start whatever does not run."""
        self.start_web()
        for number in range(self.cast.workers):
            self.start_worker(f"worker {number + 1}")

    def bury(self, name: str) -> list[str]:
        """End a process where its actors stand; return where that was."""
        stood = self.baton.kill(name)
        dead: WorkerProcess | WebProcess | None = self.workers.pop(name, None)
        if name == WEB:
            dead, self.recore.web = self.recore.web, None
        if dead is not None:
            dead.process.is_dead = True
            dead.close()
        return stood

    def bury_all(self) -> None:
        """End every process."""
        for name in [*self.workers, WEB, ROTATION]:
            self.bury(name)

    def begin_rotation(self) -> None:
        """Give every worker a new master key beside the former ones, and seal everything anew while they work."""
        self.installation = self.installation.with_new_key(self.chance)
        for name in list(self.workers):
            self.bury(name)
        self.start_all()
        vault = Vault(
            LocalKeys(self.installation.keys, random_bytes=self.chance.randbytes),
            environment=self.installation.worker.environment,
            random_bytes=self.chance.randbytes,
        )
        database = self._process(ROTATION).open(self.installation.database_url)

        def seal_anew() -> None:
            try:
                rotate(database, vault)
            finally:
                database.close()

        self.baton.spawn("the change of the master key", seal_anew, process=ROTATION)

    def _process(self, name: str) -> Process:
        return Process(name, self.baton, self.tell, self._committed, self.machine_clock)

    def _committed(self, process: Process) -> None:
        if self.database.has_changed():
            self.invariants.has_committed = True
            self.baton.wake(besides=process.name)

    # --- the bank's control surface, and the integrator as people use it ------------------------------------------

    def control(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        """Call the bank's control surface; return status and JSON."""
        response = self.bank_app.test_client().open(
            f"/_sandbox/v1{path}", method=method, json=body, environ_overrides={"REMOTE_ADDR": "127.0.0.1"}
        )
        return response.status_code, response.json if response.data else None

    def must(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Call the control surface; what it refuses is a world that was not set up."""
        status, found = self.control(method, path, body)
        if status >= 300:
            raise NotSetUp(f"{method} {path} was answered {status}: {found}")
        return found

    def begin_consent(self, company: Company, login_id: str | None = None) -> None:
        """Let a person of the company consent at the bank, and go back to the integrator with the code."""
        web = self.recore.web
        if web is None:
            return
        redirected = web.app.test_client

        def consent(status: int, begun: Any) -> None:
            if status != 201:
                return
            asked = parse_qs(urlsplit(begun["authorization_url"]).query)
            body = {
                "client_id": asked["client_id"][0],
                "customer_id": self.customer_id,
                "scope": asked["scope"][0],
                "redirect_uri": asked["redirect_uri"][0],
                "state": asked["state"][0],
            }
            given = self.must("POST", "/consents", body if login_id is None else {**body, "login_id": login_id})
            self.network.learn(given["code"])
            arrived = urlsplit(given["location"])
            redirected().get(f"{arrived.path}?{arrived.query}")

        self.recore.call(company.company_id, "POST", "/authorization", take=consent)

    def applications(self, *states: TransferStatus) -> list[str]:
        """Return the apply numbers of which a line is in one of these states, in their order."""
        world_of(self.bank_app).tick()
        return world_of(self.bank_app).bank.look(
            lambda state, _events: [
                number
                for number, application in state.applications.items()
                if any(line.status in states for line in application.lines)
            ]
        )

    # --- setting up and taking down ---------------------------------------------------------------------------------

    def set_up(self) -> None:
        """Register the companies, start the processes, let people consent. Raises NotSetUp."""
        database = Database(self.installation.database_url, effects=NoCheckpoints())
        try:
            new_text = make_new_text(self.chance.getrandbits(64))
            for number in range(self.cast.companies):
                self._register(database, f"shop-{number + 1:04}", number, new_text)
            wanted = NewKey(role=Role.OPERATOR, company_id=None, name="operator")
            self.operator_key, _ = companies.create_key(database, wanted, at=self.clock.now(), new_text=new_text)
            self.network.learn(self.operator_key.reveal())
        finally:
            database.close()
        self.must("PATCH", f"/customers/{self.customer_id}", {"confirmation_required": self.cast.needs_confirmation})
        self.start_all()
        for company in self.companies:
            self._begin(company)
        if not any(state == "connected" for (state,) in self.database.rows("SELECT state FROM connections")):
            raise NotSetUp("nobody is connected after the consents")
        if len(self.recore.secrets) != len(self.companies):
            raise NotSetUp("a company has no callback")

    def _register(self, database: Database, company_id: str, number: int, new_text: Callable[[int, str], str]) -> None:
        if number == 0:
            client = self.must("GET", "/clients")["clients"][0]
        else:
            client = self.must(
                "POST",
                "/clients",
                {
                    "name": company_id,
                    "redirect_uris": [f"{PUBLIC_URL}/refresh_token/{company_id}"],
                    "networks": ["127.0.0.1/32"],
                    "scopes": ["private:account", "private:transfer", "offline_access"],
                },
            )
        registration = Registration(
            company_id=company_id,
            name="見本商事株式会社",
            environment="local",
            client_id=client["client_id"],
            client_secret=Secret(client["client_secret"]),
            account_id=ACCOUNTS[self.cast.scenario],
            remitter_name=None,
            payout_limit_yen=1_000_000,
            requests_per_second=client.get("requests_per_second") or 1,
        )
        site = self.installation.web
        intake = Intake(site.intake_public_key, environment=site.environment)
        companies.register(database, registration, site=site, intake=intake, at=self.clock.now(), new_text=new_text)
        wanted = NewKey(role=Role.COMPANY, company_id=company_id, name="ReCORE")
        key, _ = companies.create_key(database, wanted, at=self.clock.now(), new_text=new_text)
        self.recore.keys[company_id] = key
        self.network.learn(key.reveal(), client["client_secret"])
        self.companies.append(Company(company_id, client))

    def _begin(self, company: Company) -> None:
        def learn_secret(status: int, answer: Any) -> None:
            if status in (200, 201) and "secret" in answer:
                self.recore.secrets.append(answer["secret"])
                self.network.learn(answer["secret"])

        self.recore.call(company.company_id, "PUT", "/callback", take=learn_secret, json={"url": CALLBACK_URL})
        self.begin_consent(company)
        self.baton.pass_time(20, self.chance)

    def close(self) -> None:
        """End everything and give every file back."""
        self.baton.after_move = lambda _actor: None
        for actor in list(self.baton.actors):
            actor.process = "the world"
        self.baton.kill("the world")
        self.bury_all()
        self.database.close()

    def write_backup(self) -> None:
        """Keep a copy of the database as it stands; nobody has a transaction open between two motions."""
        copy = self.path.with_name("backup.sqlite3")
        self.database.write_copy(copy)
        self.backup = (self.clock.now(), copy.read_bytes())
        copy.unlink()

    def restore_backup(self) -> datetime:
        """Put the copy in the place of the database; every process must be dead. Return when it was taken."""
        assert self.backup is not None, "there is a backup"
        assert not self.workers, "nobody works during a restore"
        at, content = self.backup
        for file in self.path.parent.glob("integrator.sqlite3*"):
            file.unlink()
        self.path.write_bytes(content)
        return at


class StoryLog(logging.Handler):
    """Keeps every log line as it would be written, for the search for secrets."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.INFO)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line, and what it says of an exception."""
        self._lines.append(record.getMessage())
        if record.exc_info:
            self._lines.append(self.format(record))


def fast_folder() -> Path | None:
    """Return where files live in memory, or None where the machine has no such place."""
    shared = Path("/dev/shm")  # noqa: S108  (a mount of Linux, in which tempfile makes a folder of its own)
    return shared if shared.is_dir() and shutil.disk_usage(shared).free > 512 * 2**20 else None
