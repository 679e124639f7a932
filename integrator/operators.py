"""People who look after the service: accounts, passwords, log-ins. Each has their own; nobody shares one.

A password is kept as its scrypt hash, a log-in as the hash of its cookie. Guessing is slowed for each name, whether
anybody has it or not, and an unknown name costs the same time as a wrong password.
"""

import hashlib
import hmac
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from threading import BoundedSemaphore

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from integrator.secret import Secret
from integrator.store import audit
from integrator.store import operators as rows
from integrator.store.audit import Change
from integrator.store.database import Database
from integrator.store.operators import Operator

NAME = re.compile(r"[a-z][a-z0-9._-]{1,31}")
PASSWORD_LENGTH_MIN, PASSWORD_LENGTH_MAX = 12, 128
ONE_TIME_FOR = timedelta(hours=72)
IDLE_MAX = timedelta(minutes=15)
SESSION_MAX = timedelta(hours=12)
SEEN_EVERY = timedelta(seconds=30)  # a page that is reloaded often does not write each time
FREE_TRIES = 5
FIRST_WAIT = timedelta(seconds=30)  # after the free tries; it doubles with each further one
WAIT_MAX = timedelta(minutes=15)
FAILURES_FORGOTTEN_AFTER = timedelta(days=1)
BUCKET_LENGTH = 3  # hexadecimal digits: 4,096 rows at most
HASHES_AT_ONCE = 2  # each takes 32 MiB
SCRYPT_EXPONENT, SCRYPT_BLOCK, SCRYPT_MEMORY = 15, 8, 64 * 1024 * 1024
READABLE = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like something else
TOKEN_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"  # noqa: S105  (no secret)

NewText = Callable[[int, str], str]
"""(length, alphabet) -> random text."""

log = logging.getLogger("integrator.operator")


class OperatorRole(StrEnum):
    """What a person may do."""

    VIEWER = "viewer"  # looks
    OPERATOR = "operator"  # stops, resumes, decides


class OperatorTaken(Exception):
    """There is a person of this name already."""


class OperatorUnknown(LookupError):
    """There is no person of this name."""


class NameInvalid(ValueError):
    """The name cannot be that of an account."""


class LoginRefused(Exception):
    """Name or password is wrong; which of them is not told."""


class LoginBlocked(Exception):
    """Too many failures in a row. Nothing was compared."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"again in {seconds} seconds")
        self.seconds = seconds


class PasswordRefused(Exception):
    """The password as chosen will not do. `reason` is short, long, name or same."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Who is at the browser. `must_choose`: the password is the one-time one, and only another may be chosen."""

    name: str
    role: OperatorRole
    must_choose: bool
    cookie: Secret = field(repr=False)


def csrf_token(cookie: Secret) -> str:
    """Return what a form must bring beside the cookie; it cannot be made without knowing the cookie."""
    return hmac.new(cookie.reveal().encode(), b"csrf", hashlib.sha256).hexdigest()


def is_csrf_token(cookie: Secret, unverified: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(csrf_token(cookie).encode(), unverified.encode("utf-8", "surrogatepass"))


class Operators:
    """The accounts of one database. Hashing is what costs here, so only a few are hashed at once."""

    def __init__(self, db: Database, *, new_text: NewText) -> None:
        self._db = db
        self._new_text = new_text
        self._hashing = BoundedSemaphore(HASHES_AT_ONCE)

    def add(self, name: str, role: OperatorRole, *, at: datetime) -> Secret:
        """Make an account and return its one-time password. Raises NameInvalid, OperatorTaken."""
        if not NAME.fullmatch(name):
            raise NameInvalid(name)
        password = self._one_time()
        new = Operator(name, role.value, self._hash(password), at + ONE_TIME_FOR, created_at=at, disabled_at=None)
        try:
            with self._db.begin() as tx:
                rows.insert_operator(tx, new)
                _note(tx, "operator.added", name, at, {"role": role.value})
        except IntegrityError:
            raise OperatorTaken(name) from None
        log.info("operator.added name=%s role=%s", name, role)
        return password

    def reset(self, name: str, *, at: datetime) -> Secret:
        """Give a person a new one-time password; every log-in ends. Raises OperatorUnknown."""
        password = self._one_time()
        hashed = self._hash(password)
        with self._db.begin() as tx:
            if not rows.set_password(tx, name, hashed, one_time_until=at + ONE_TIME_FOR):
                raise OperatorUnknown(name)
            _note(tx, "operator.password_reset", name, at)
        log.info("operator.password_reset name=%s", name)
        return password

    def disable(self, name: str, *, at: datetime) -> None:
        """Let a person in no more, at once and for ever. Raises OperatorUnknown."""
        with self._db.begin() as tx:
            if not rows.disable(tx, name, at=at):
                raise OperatorUnknown(name)
            _note(tx, "operator.disabled", name, at)
        log.info("operator.disabled name=%s", name)

    def log_in(self, name: str, password: Secret, *, at: datetime) -> LoggedIn:
        """Return a new log-in. Raises LoginRefused, LoginBlocked."""
        bucket = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:BUCKET_LENGTH]
        self._count_try(bucket, at)
        with self._db.read() as tx:
            found = rows.find_operator(tx, name)
        # The hash is worked out in any case: how long the answer takes says nothing of the name.
        is_right = self._matches(password, _hash_of_nobody() if found is None else found.password_hash)
        if found is None or not is_right or not _may_enter(found, at):
            log.warning("operator.log_in_refused name=%s", "unknown" if found is None else found.name)
            raise LoginRefused
        cookie = self.new_cookie()
        with self._by(found.name).begin() as tx:
            rows.set_failures(tx, bucket, 0, blocked_until=at)
            rows.delete_sessions_before(tx, at - SESSION_MAX)
            rows.insert_session(tx, _hashed(cookie), found.name, at=at)
            _note(tx, "operator.logged_in", found.name, at)
        log.info("operator.logged_in name=%s role=%s", found.name, found.role)
        return _logged_in(found, cookie)

    def find(self, cookie: Secret, *, at: datetime) -> LoggedIn | None:
        """Return who this cookie stands for, unless it was idle for too long, is too old, or was ended."""
        hashed = _hashed(cookie)
        with self._db.read() as tx:
            found = rows.find_session(tx, hashed)
        if found is None or not _may_enter(found.operator, at):
            return None
        if at - found.seen_at > IDLE_MAX or at - found.created_at > SESSION_MAX:
            return None
        if at - found.seen_at >= SEEN_EVERY:
            with self._db.begin() as tx:
                rows.see_session(tx, hashed, at=at)
        return _logged_in(found.operator, cookie)

    def log_out(self, who: LoggedIn, *, at: datetime) -> None:
        """End this log-in."""
        with self._by(who.name).begin() as tx:
            rows.end_session(tx, _hashed(who.cookie))
            _note(tx, "operator.logged_out", who.name, at)
        log.info("operator.logged_out name=%s", who.name)

    def choose_password(self, who: LoggedIn, old: Secret, new: Secret, *, at: datetime) -> LoggedIn:
        """Replace the person's password and return a new log-in; all others of that person end.

        Raises LoginRefused or LoginBlocked for the old one, PasswordRefused for the new one.
        """
        _check_choice(who.name, old.reveal(), new.reveal())
        confirmed = self.log_in(who.name, old, at=at)
        hashed = self._hash(new)
        with self._by(who.name).begin() as tx:
            rows.set_password(tx, who.name, hashed, one_time_until=None)
            rows.insert_session(tx, _hashed(confirmed.cookie), who.name, at=at)
            _note(tx, "operator.password_chosen", who.name, at)
        log.info("operator.password_chosen name=%s", who.name)
        return LoggedIn(who.name, who.role, must_choose=False, cookie=confirmed.cookie)

    def new_cookie(self) -> Secret:
        """Return a new random cookie."""
        return Secret(self._new_text(43, TOKEN_ALPHABET))

    def _count_try(self, bucket: str, at: datetime) -> None:
        # Counted before the password is looked at, so that tries side by side are counted as well.
        with self._db.begin() as tx:
            count, blocked_until = rows.failures_for_change(tx, bucket, at=at)
            if at < blocked_until:
                raise LoginBlocked(max(1, round((blocked_until - at).total_seconds())))
            count = 1 if at - blocked_until > FAILURES_FORGOTTEN_AFTER else count + 1
            rows.set_failures(tx, bucket, count, blocked_until=at + wait_after(count))

    def _by(self, name: str) -> Database:
        return self._db.acting(f"operator:{name}")

    def _one_time(self) -> Secret:
        return Secret("-".join(self._new_text(5, READABLE) for _ in range(4)))

    def _hash(self, password: Secret) -> str:
        salt = self._new_text(22, TOKEN_ALPHABET)
        return f"scrypt${SCRYPT_EXPONENT}${salt}${self._scrypt(password, salt, SCRYPT_EXPONENT)}"

    def _matches(self, password: Secret, stored: str) -> bool:
        _, exponent, salt, digest = stored.split("$")
        return hmac.compare_digest(self._scrypt(password, salt, int(exponent)), digest)

    def _scrypt(self, password: Secret, salt: str, exponent: int) -> str:
        with self._hashing:
            return hashlib.scrypt(
                password.reveal().encode("utf-8", "surrogatepass"),
                salt=salt.encode(),
                n=2**exponent,
                r=SCRYPT_BLOCK,
                p=1,
                maxmem=SCRYPT_MEMORY,
            ).hex()


def wait_after(count: int) -> timedelta:
    """Return for how long nothing is compared after so many failures in a row."""
    if count < FREE_TRIES:
        return timedelta(0)
    doubled: int = 2 ** min(count - FREE_TRIES, 10)
    return min(FIRST_WAIT * doubled, WAIT_MAX)


def list_operators(db: Database) -> list[Operator]:
    """Return the people by name."""
    with db.read() as tx:
        return rows.all_operators(tx)


def _hash_of_nobody() -> str:
    return f"scrypt${SCRYPT_EXPONENT}${'0' * 22}${'0' * 128}"  # no password has it


def _note(tx: Connection, what: str, name: str, at: datetime, after: dict[str, str] | None = None) -> None:
    audit.note(tx, audit.ALL, Change(what, name, None, after), at=at)


def _may_enter(operator: Operator, at: datetime) -> bool:
    if operator.disabled_at is not None:
        return False
    return operator.one_time_until is None or at <= operator.one_time_until


def _check_choice(name: str, old: str, new: str) -> None:
    if len(new) < PASSWORD_LENGTH_MIN:
        raise PasswordRefused("short")
    if len(new) > PASSWORD_LENGTH_MAX:
        raise PasswordRefused("long")
    if name in new.lower():
        raise PasswordRefused("name")
    if new == old:
        raise PasswordRefused("same")


def _logged_in(operator: Operator, cookie: Secret) -> LoggedIn:
    must_choose = operator.one_time_until is not None
    return LoggedIn(operator.name, OperatorRole(operator.role), must_choose=must_choose, cookie=cookie)


def _hashed(cookie: Secret) -> str:
    return hashlib.sha256(cookie.reveal().encode("utf-8", "surrogatepass")).hexdigest()
