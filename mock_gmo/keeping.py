"""The bank's state in a file, so that it survives a restart: what is answered stands in the file before it is sent.

The file is replaced as a whole, never written into. Banks beside the first and the journal are not kept.
"""

import fcntl
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Lock
from typing import Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from mock_gmo.clock import ADVANCE_SECONDS_MAX, ClockOutOfRange
from mock_gmo.gateway.body import Unreadable, read_object
from mock_gmo.snapshots.codec import SnapshotError
from mock_gmo.world import World
from mock_gmo.worlds import PREFIX

FORMAT: Final = "mock-gmo-state"
VERSION: Final = 1
# Tokens and passwords are in it.
FILE_MODE: Final = 0o600
READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class StateFileUnusable(ValueError):
    """The file cannot be used; the message names it and says why and what to do."""


class StateFile:
    """One file for one world. Only one process at a time may use it."""

    def __init__(self, path: Path, world: World, *, real_time: Callable[[], float]) -> None:
        self._path, self._world, self._real_time = path, world, real_time
        self._write_lock, self._count_lock = Lock(), Lock()
        self._asked_count = self._written_count = 0
        self._held: int | None = None

    def open(self) -> None:
        """Go to the state of the file, its clock as far on as time has passed, or begin the file.

        Raises StateFileUnusable: another process uses it, it holds no state, or it cannot be written.
        """
        try:
            self._hold()
            if self._path.exists():
                self._load(self._path.read_bytes())
            self.save()
        except (OSError, Unreadable, SnapshotError) as failed:
            self.close()
            raise StateFileUnusable(f"{self._path}: {_reason(failed)}") from failed

    def close(self) -> None:
        """Let another process have the file."""
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def save(self) -> None:
        """Return once the file holds everything that was done before this call. Raises OSError.

        Callers that wait for the same writing share the next one.
        """
        with self._count_lock:
            self._asked_count += 1
            mine = self._asked_count
        with self._write_lock:
            if self._written_count >= mine:
                return
            with self._count_lock:
                included = self._asked_count
            self._write()
            self._written_count = included

    def _hold(self) -> None:
        lock = self._path.with_name(f"{self._path.name}.lock")
        self._held = os.open(lock, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, FILE_MODE)
        fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _load(self, content: bytes) -> None:
        members = read_object(content)
        saved_at = members.get("saved_at")
        if members.get("format") != FORMAT or members.get("version") != VERSION:
            raise SnapshotError("/format", f"{FORMAT} in version {VERSION}")
        if isinstance(saved_at, bool) or not isinstance(saved_at, int | float):
            raise SnapshotError("/saved_at", "seconds since 1970")
        self._world.restore(members.get("snapshot") or {})
        clock = self._world.clock
        passed = (self._real_time() - saved_at) * clock.rate
        if passed > 0 and not clock.is_frozen:
            try:
                clock.advance(min(passed, ADVANCE_SECONDS_MAX))
            except ClockOutOfRange as beyond:
                raise SnapshotError("/saved_at", str(beyond)) from beyond

    def _write(self) -> None:
        saved_at = self._real_time()
        whole = {
            "format": FORMAT,
            "version": VERSION,
            "saved_at": saved_at,
            "snapshot": self._world.snapshot(with_journal=False),
        }
        content = json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()
        part = self._path.with_name(f"{self._path.name}.part")
        with os.fdopen(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC, FILE_MODE), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._path)
        _sync_folder(self._path.parent)


class KeepingEdge:
    """Wraps the application: a reply to anything that may have changed the state waits until the file holds it."""

    def __init__(self, application: WSGIApplication, file: StateFile, *, changing_reads: frozenset[str]) -> None:
        self._application, self._file = application, file
        self._changing_reads = changing_reads

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        is_kept = not path.startswith(PREFIX)
        may_change = is_kept and (environ["REQUEST_METHOD"] not in READS or path in self._changing_reads)
        content = self._application(environ, start_response)
        if may_change:
            try:
                self._file.save()
            except OSError:
                close: Callable[[], None] | None = getattr(content, "close", None)
                if close is not None:
                    close()
                raise
        return content


def _reason(failed: Exception) -> str:
    match failed:
        case BlockingIOError():
            return "another process uses this state; end it first"
        case OSError():
            return f"cannot be read or written: {failed.strerror or failed}"
    return f"holds no state of this program ({failed}); move it away to begin anew"


def _sync_folder(folder: Path) -> None:
    """A new name is only safe once its folder is."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
