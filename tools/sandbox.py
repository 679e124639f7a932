"""Run bank, integrator web and integrator worker together on this machine, and stop them together.

`make sandbox` runs it in the foreground; `Sandbox` is the same thing for the demo and for tests. The three are
the programs as installed, each in a process of its own with only the settings it may have. The database is a
file of this run, because the mock bank forgets when it stops and old tokens would open nothing.
"""

import argparse
import base64
import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from integrator.companies import NewKey, Role, create_key
from integrator.effects import NoCheckpoints
from integrator.settings import MasterKey, written_master_key
from integrator.store.database import Database
from integrator.store.migrate import migrate
from integrator.vault import intake_public_key, new_master_key

BUILD = Path(__file__).resolve().parents[1] / "build"
BIN = Path(sys.executable).parent
COMPANY_ID = "shop-0001"
START_SECONDS_MAX = 20.0
STOP_SECONDS_MAX = 4.0
POLL_SECONDS = 0.02


class StartFailed(Exception):
    """One of the programs did not come up. The message is for the person at the terminal."""


class Sandbox:
    """The three processes of one run, started by `with`, all gone at its end.

    `facts` holds what build/sandbox.json holds; `process_ids` names the processes.
    """

    def __init__(self, *, bank_port: int, integrator_port: int, log: Path | None = None) -> None:
        self._bank_port = bank_port or free_port()
        self._integrator_port = integrator_port or free_port()
        self._log = log
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._folder = Path(tempfile.mkdtemp(prefix="sandbox-"))
        self._cleanup = contextlib.ExitStack()
        self.bank_url = f"http://127.0.0.1:{self._bank_port}"
        self.integrator_url = f"http://127.0.0.1:{self._integrator_port}"
        self.facts: dict[str, Any] = {}

    def __enter__(self) -> "Sandbox":
        self._cleanup.callback(shutil.rmtree, self._folder, ignore_errors=True)
        self._cleanup.callback(self.stop)
        try:
            self._start()
        except BaseException:
            self._cleanup.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._cleanup.close()

    @property
    def process_ids(self) -> dict[str, int]:
        """The process id of bank, web and worker."""
        return {name: process.pid for name, process in self._processes.items()}

    def ended(self) -> str | None:
        """Return the name of a process that ended by itself, if one did."""
        return next((name for name, process in self._processes.items() if process.poll() is not None), None)

    def stop(self) -> None:
        """End every process: asked first, and killed when it does not go within its time."""
        for process in self._processes.values():
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS_MAX
        for process in self._processes.values():
            try:
                process.wait(timeout=max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def end(self, name: str, *, within_seconds: float) -> int:
        """Wait until a process that was told to end has done so, and return its exit code. Raises TimeoutExpired."""
        return self._processes[name].wait(within_seconds)

    def restart_worker(self) -> None:
        """Kill the worker where it stands and start another one."""
        worker = self._processes["worker"]
        worker.kill()
        worker.wait()
        self._run("worker", [str(BIN / "integrator"), "work"], self._worker_settings)

    def _start(self) -> None:
        ready = self._folder / "bank.url"
        command = [str(BIN / "mock-gmo"), "serve", "--port", str(self._bank_port), "--ready-file", str(ready)]
        self._run("bank", command, {"INTEGRATOR_PORT": str(self._integrator_port)})
        key = new_master_key(secrets.token_bytes)
        operator_key = self._prepare_database()
        common = self._common_settings()
        web_ready = self._folder / "web.url"
        web = {**common, **self._web_settings(key)}
        self._run("web", [str(BIN / "integrator"), "serve", "--ready-file", str(web_ready)], web)
        self._worker_settings = {**common, "INTEGRATOR_MASTER_KEY": written_master_key(key)}
        self._run("worker", [str(BIN / "integrator"), "work"], self._worker_settings)
        self._wait_for(ready, "bank")
        self._wait_for(web_ready, "web")
        self.facts = self._register(operator_key)

    def _common_settings(self) -> dict[str, str]:
        return {
            "INTEGRATOR_ENVIRONMENT": "local",
            "INTEGRATOR_BANK_URL": self.bank_url,
            "INTEGRATOR_DATABASE_URL": self._database_url,
            "INTEGRATOR_CLOCK": "bank",
        }

    def _web_settings(self, key: MasterKey) -> dict[str, str]:
        from_base64 = base64.b64encode(intake_public_key(key)).decode()
        return {
            "INTEGRATOR_PUBLIC_URL": self.integrator_url,
            "INTEGRATOR_INTAKE_PUBLIC_KEY": from_base64,
            "INTEGRATOR_HOST": "127.0.0.1",
            "INTEGRATOR_PORT": str(self._integrator_port),
        }

    @property
    def _database_url(self) -> str:
        return f"sqlite:///{self._folder / 'integrator.sqlite3'}"

    def _prepare_database(self) -> str:
        db = Database(self._database_url, effects=NoCheckpoints())
        try:
            migrate(db)
            return self._new_key(db, Role.OPERATOR, None)
        finally:
            db.close()

    def _new_key(self, db: Database, role: Role, company_id: str | None) -> str:
        wanted = NewKey(role=role, company_id=company_id, name="sandbox")
        key, _ = create_key(db, wanted, at=datetime.now(UTC), new_text=new_text)
        return key.reveal()

    def _register(self, operator_key: str) -> dict[str, Any]:
        with httpx.Client(timeout=10) as http:
            client = http.get(f"{self.bank_url}/_sandbox/v1/clients").raise_for_status().json()["clients"][0]
            customer = http.get(f"{self.bank_url}/_sandbox/v1/customers").raise_for_status().json()["customers"][0]
            account_id = customer["accounts"][0]["account_id"]
            company = {
                "company_id": COMPANY_ID,
                "name": "見本商事株式会社",
                "environment": "local",
                "client_id": client["client_id"],
                "client_secret": client["client_secret"],
                "account_id": account_id,
            }
            operator = {"Authorization": f"Bearer {operator_key}"}
            http.post(f"{self.integrator_url}/v1/companies", json=company, headers=operator).raise_for_status()
        db = Database(self._database_url, effects=NoCheckpoints())
        try:
            api_key = self._new_key(db, Role.COMPANY, COMPANY_ID)
        finally:
            db.close()
        return {
            "bank_url": self.bank_url,
            "integrator_url": self.integrator_url,
            "company_id": COMPANY_ID,
            "api_key": api_key,
            "operator_key": operator_key,
            "client_id": client["client_id"],
            "client_secret": client["client_secret"],
            "redirect_uri": f"{self.integrator_url}/refresh_token/{COMPANY_ID}",
            "customer_id": customer["customer_id"],
            "password": customer["logins"][0]["password"],
            "transaction_password": customer["logins"][0]["transaction_password"],
            "account_id": account_id,
        }

    def _run(self, name: str, command: list[str], settings: dict[str, str]) -> None:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("INTEGRATOR_", "MOCK_GMO_"))}
        with contextlib.ExitStack() as files:
            # Standard output is for the one line `ready ...`; what the programs say goes beside it.
            out = files.enter_context(self._log.open("ab")) if self._log else sys.stderr
            # A session of its own: Ctrl-C reaches the launcher alone, which then stops the three in order.
            self._processes[name] = subprocess.Popen(
                command,
                env={**clean, **settings},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def _wait_for(self, ready: Path, name: str) -> None:
        deadline = time.monotonic() + START_SECONDS_MAX
        while not (ready.exists() and ready.read_text().strip()):
            dead = self.ended()
            if dead is not None:
                raise StartFailed(f"the {dead} did not start; its own message stands above")
            if time.monotonic() > deadline:
                raise StartFailed(f"the {name} did not answer within {START_SECONDS_MAX:g} s")
            time.sleep(POLL_SECONDS)


def new_text(length: int, alphabet: str) -> str:
    """Return random text from the operating system's source."""
    return "".join(secrets.choice(alphabet) for _ in range(length))


def free_port() -> int:
    """Return a port of 127.0.0.1 that was free just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def refuse_taken_ports(ports: dict[str, int]) -> None:
    """Raise StartFailed when a chosen port is taken, with its variable's name and the way out."""
    for variable, port in ports.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                raise StartFailed(
                    f"port {port} ({variable}) is taken: choose another, `make sandbox {variable}=N`, 0 = any free one"
                ) from None


def main() -> int:
    """Run until a signal comes or a process ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bank-port", type=int, required=True)
    parser.add_argument("--integrator-port", type=int, required=True)
    arguments = parser.parse_args()
    asked_to_stop: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: asked_to_stop.append(received))
    try:
        refuse_taken_ports({"BANK_PORT": arguments.bank_port, "INTEGRATOR_PORT": arguments.integrator_port})
        with Sandbox(bank_port=arguments.bank_port, integrator_port=arguments.integrator_port) as sandbox:
            BUILD.mkdir(exist_ok=True)
            write_private(BUILD / "sandbox.json", json.dumps(sandbox.facts, ensure_ascii=False, indent=2) + "\n")
            print(f"ready bank={sandbox.bank_url} integrator={sandbox.integrator_url}", flush=True)
            while not asked_to_stop:
                if (dead := sandbox.ended()) is not None:
                    print(f"the {dead} ended by itself; everything is stopped", file=sys.stderr)
                    return 1
                time.sleep(0.1)
    except StartFailed as failure:
        print(failure, file=sys.stderr)
        return 2
    return 0


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    beside = path.with_name(path.name + ".new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
    beside.replace(path)


if __name__ == "__main__":
    sys.exit(main())
