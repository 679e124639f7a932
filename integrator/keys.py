"""Master keys, behind a narrow interface: they seal data keys and nothing else. What data keys seal is the vault's.

`LocalKeys` holds them in this process. A key service elsewhere needs the same five members; nothing above would notice.
"""

import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from integrator.settings import KEY_LENGTH, MasterKey, SettingsError

KEY_ID_LENGTH = 8
NONCE_LENGTH = 12
FILE_SETTING = "INTEGRATOR_MASTER_KEY_FILE"
KEY_SETTING = "INTEGRATOR_MASTER_KEY"

RandomBytes = Callable[[int], bytes]


class KeyRefused(Exception):
    """The service does not unwrap this: it lacks the key, or the bytes or their context are others."""


class KeyService(Protocol):
    """Whoever holds the master keys. `context` says what a data key is for; it unwraps only in the same context."""

    @property
    def key_ids(self) -> tuple[str, ...]:
        """Return the ids (8 ASCII characters) of the keys that unwrap; the first one wraps."""
        ...

    def wrap(self, data_key: bytes, *, context: bytes) -> bytes:
        """Return the data key sealed with the first key."""
        ...

    def unwrap(self, wrapped: bytes, *, key_id: str, context: bytes) -> bytes:
        """Return what `wrap` was given. Raises KeyRefused."""
        ...

    def open_direct(self, sealed: bytes, *, key_id: str, context: bytes) -> bytes:
        """Return what the first release sealed without a data key. Raises KeyRefused, also when it never did."""
        ...

    def intake_keys(self) -> tuple[tuple[str, X25519PrivateKey], ...]:
        """Return (key id, private half) of what the web seals for, in the order of `key_ids`."""
        ...


class LocalKeys:
    """Master keys in this process: from the environment or a file."""

    def __init__(self, master_keys: tuple[MasterKey, ...], *, random_bytes: RandomBytes) -> None:
        assert master_keys, "a vault needs a key"
        self._ids = tuple(key.key_id for key in master_keys)
        self._wrapping = {key.key_id: AESGCM(_derived(key, b"integrator data keys v1")) for key in master_keys}
        self._direct = {key.key_id: AESGCM(_derived(key, b"integrator keeping v1")) for key in master_keys}
        self._intake = tuple((key.key_id, intake_private_key(key)) for key in master_keys)
        self._random_bytes = random_bytes

    @property
    def key_ids(self) -> tuple[str, ...]:
        """Return the ids in the order of the setting."""
        return self._ids

    def wrap(self, data_key: bytes, *, context: bytes) -> bytes:
        """Return nonce and AES-256-GCM ciphertext of the data key."""
        nonce = self._random_bytes(NONCE_LENGTH)
        return nonce + self._wrapping[self._ids[0]].encrypt(nonce, data_key, context)

    def unwrap(self, wrapped: bytes, *, key_id: str, context: bytes) -> bytes:
        """Return what `wrap` was given. Raises KeyRefused."""
        return _decrypted(self._wrapping.get(key_id), wrapped, context)

    def open_direct(self, sealed: bytes, *, key_id: str, context: bytes) -> bytes:
        """Return a value of the first release. Raises KeyRefused."""
        return _decrypted(self._direct.get(key_id), sealed, context)

    def intake_keys(self) -> tuple[tuple[str, X25519PrivateKey], ...]:
        """Return the private halves of the intake keys."""
        return self._intake


def intake_private_key(key: MasterKey) -> X25519PrivateKey:
    """Return the private half of what the web seals for; it follows from the master key."""
    return X25519PrivateKey.from_private_bytes(_derived(key, b"integrator intake v1"))


def with_key_file(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables with the text of INTEGRATOR_MASTER_KEY_FILE as INTEGRATOR_MASTER_KEY.

    Raises SettingsError for a file that cannot be read, that others than its owner can read, or beside the variable.
    """
    found = dict(variables)
    name = found.pop(FILE_SETTING, "")
    if not name:
        return found
    if found.get(KEY_SETTING):
        raise SettingsError(FILE_SETTING, f"{KEY_SETTING} is set as well", "Set one of the two")
    file = Path(name)
    try:
        descriptor = os.open(file, os.O_RDONLY)
    except OSError as error:
        raise SettingsError(FILE_SETTING, f"cannot be read: {error.strerror}", "Name a file that is readable") from None
    with os.fdopen(descriptor, encoding="ascii", errors="replace") as opened:
        if os.fstat(descriptor).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise SettingsError(FILE_SETTING, "others than its owner can read or change it", f"Run: chmod 600 {file}")
        lines = opened.read().split()
    found[KEY_SETTING] = ",".join(lines)
    return found


def _derived(key: MasterKey, purpose: bytes) -> bytes:
    # One key for each purpose: what leaks of one use says nothing about the other.
    return HKDF(algorithm=SHA256(), length=KEY_LENGTH, salt=None, info=purpose).derive(key.material)


def _decrypted(key: AESGCM | None, sealed: bytes, context: bytes) -> bytes:
    if key is None:
        raise KeyRefused("no such key")
    try:
        return key.decrypt(sealed[:NONCE_LENGTH], sealed[NONCE_LENGTH:], context)
    except (InvalidTag, ValueError):
        raise KeyRefused("it does not open") from None
