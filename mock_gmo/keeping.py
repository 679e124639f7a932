"""The bank's state in a file, so that it survives a restart: what is answered stands in the file before it is sent.

The file begins with the whole state and goes on with what changed, record by record. When the changes outgrow the
state, a new file takes its place. Banks beside the first and the journal are not kept.
"""

import fcntl
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Lock
from typing import Any, Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from mock_gmo.clock import ADVANCE_SECONDS_MAX, ClockOutOfRange
from mock_gmo.gateway.body import Unreadable, read_object
from mock_gmo.records import RecordsDamaged, append, read_records, write_record
from mock_gmo.snapshots.codec import SnapshotError
from mock_gmo.snapshots.folding import Folding
from mock_gmo.snapshots.following import Follower
from mock_gmo.world import World
from mock_gmo.worlds import PREFIX

FORMAT: Final = "mock-gmo-state"
VERSION: Final = 2
# Tokens and passwords are in it.
FILE_MODE: Final = 0o600
READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
# A new file once the changes are longer than both this and so many times the state that they change: the cost of
# writing the whole is then a fixed share of the changes that it follows.
CHANGES_BYTES_MIN: Final = 8 * 1024 * 1024
CHANGES_PER_STATE: Final = 2


class StateFileUnusable(ValueError):
    """The file cannot be used; the message names it and says why and what to do."""


class StateFile:
    """One file for one world. Only one process at a time may use it."""

    def __init__(
        self,
        path: Path,
        world: World,
        *,
        real_time: Callable[[], float],
        changes_bytes_min: int = CHANGES_BYTES_MIN,
    ) -> None:
        self._path, self._world, self._real_time = path, world, real_time
        self._changes_bytes_min = changes_bytes_min
        self._write_lock, self._count_lock = Lock(), Lock()
        self._asked_count = self._written_count = self._under_way_count = 0
        self._held: int | None = None
        self._file: int | None = None
        self._follower: Follower | None = None
        self._whole_bytes = self._changes_bytes = 0

    def open(self) -> None:
        """Go to the state of the file, its clock as far on as time has passed, or begin the file.

        Raises StateFileUnusable: another process uses it, it holds no state, or it cannot be written.
        """
        try:
            self._hold()
            if self._path.exists():
                self._load(self._path.read_bytes())
            self.save()
        except (OSError, Unreadable, SnapshotError, RecordsDamaged) as failed:
            self.close()
            raise StateFileUnusable(f"{self._path}: {_reason(failed)}") from failed

    def close(self) -> None:
        """Let another process have the file."""
        self._end_file()
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def begin_change(self) -> None:
        """Note that a call which may change the state is under way."""
        with self._count_lock:
            self._under_way_count += 1

    def end_change(self) -> None:
        """Return once the file holds what the call did. Raises OSError."""
        try:
            self.save()
        finally:
            with self._count_lock:
                self._under_way_count -= 1

    @property
    def is_behind(self) -> bool:
        """Whether somebody may have seen what the file does not hold yet."""
        return self._under_way_count > 0

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
        whole, *changes = (read_object(record) for record in read_records(content) or [b""])
        if whole.get("format") != FORMAT or whole.get("version") != VERSION:
            raise SnapshotError("/format", f"{FORMAT} in version {VERSION}")
        folding = Folding(whole.get("snapshot") or {})
        for record in changes:
            folding.fold(record.get("changes") or [])
        saved_at = (changes[-1] if changes else whole).get("saved_at")
        if isinstance(saved_at, bool) or not isinstance(saved_at, int | float):
            raise SnapshotError("/saved_at", "seconds since 1970")
        self._world.restore(folding.finish())
        self._let_time_pass(self._real_time() - saved_at)

    def _let_time_pass(self, seconds: float) -> None:
        clock = self._world.clock
        passed = seconds * clock.rate
        if passed > 0 and not clock.is_frozen:
            try:
                clock.advance(min(passed, ADVANCE_SECONDS_MAX))
            except ClockOutOfRange as beyond:
                raise SnapshotError("/saved_at", str(beyond)) from beyond

    def _write(self) -> None:
        follower, saved_at = self._follower, self._real_time()
        is_long = self._changes_bytes > max(self._changes_bytes_min, CHANGES_PER_STATE * self._whole_bytes)
        if self._file is None or follower is None or is_long or follower.state is not self._world.memory:
            self._write_whole(saved_at)
            return
        try:
            record = _record({"saved_at": saved_at, "changes": follower.changes()})
            append(self._file, record)
        except BaseException:
            # What was told is not safe, and nothing may follow what broke off: the next writing is of the whole.
            self._end_file()
            raise
        self._changes_bytes += len(record)

    def _write_whole(self, saved_at: float) -> None:
        self._end_file()
        follower = Follower(self._world.memory)
        record = _record({"format": FORMAT, "version": VERSION, "saved_at": saved_at, "snapshot": follower.begin()})
        part = self._path.with_name(f"{self._path.name}.part")
        flags = os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC
        file = os.open(part, flags, FILE_MODE)
        try:
            append(file, record)
            part.replace(self._path)
            _sync_folder(self._path.parent)
        except OSError:
            os.close(file)
            raise
        self._file, self._follower = file, follower
        self._whole_bytes, self._changes_bytes = len(record), 0

    def _end_file(self) -> None:
        if self._file is not None:
            os.close(self._file)
        self._file = self._follower = None


class KeepingEdge:
    """Wraps the application: no reply is sent that tells of something which the file does not hold yet."""

    def __init__(self, application: WSGIApplication, file: StateFile, *, changing_reads: frozenset[str]) -> None:
        self._application, self._file = application, file
        self._changing_reads = changing_reads

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path.startswith(PREFIX):
            return self._application(environ, start_response)
        may_change = environ["REQUEST_METHOD"] not in READS or path in self._changing_reads
        if not may_change:
            content = self._application(environ, start_response)
            return self._kept(content, self._file.save) if self._file.is_behind else content
        self._file.begin_change()
        try:
            content = self._application(environ, start_response)
        except BaseException:
            self._file.end_change()
            raise
        return self._kept(content, self._file.end_change)

    def _kept(self, content: Iterable[bytes], keep: Callable[[], None]) -> Iterable[bytes]:
        try:
            keep()
        except OSError:
            close: Callable[[], None] | None = getattr(content, "close", None)
            if close is not None:
                close()
            raise
        return content


def _record(content: dict[str, Any]) -> bytes:
    return write_record(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode())


def _reason(failed: Exception) -> str:
    match failed:
        case BlockingIOError():
            return "another process uses this state; end it first"
        case OSError():
            return f"cannot be read or written: {failed.strerror or failed}"
        case RecordsDamaged():
            return f"{failed}, so what came after it cannot be told; bring back a copy, or move it away to begin anew"
    return f"holds no state of this program ({failed}); move it away to begin anew"


def _sync_folder(folder: Path) -> None:
    """A new name is only safe once its folder is."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
