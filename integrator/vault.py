"""Sealing and opening of secrets. What a sealed text says lives elsewhere; here are only keys and bindings.

Two kinds of seal. *Intake*: anybody with the public key (the web) seals, only the worker opens. *Keeping*:
the worker seals and opens with its master key. Both are bound to environment, company and kind, so that a
sealed text moved to another row does not open.
"""

import re
from collections.abc import Callable
from enum import StrEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from integrator.secret import Secret
from integrator.settings import KEY_LENGTH, Environment, MasterKey

KEY_ID_LENGTH = 8
NONCE_LENGTH = 12
KEY_ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"  # 32 signs: a byte picks one without bias
COMPANY_ID = re.compile(r"[A-Za-z0-9-]{1,64}")  # no "|", so a binding reads only one way

RandomBytes = Callable[[int], bytes]


class Kind(StrEnum):
    """What a sealed text is; part of its binding."""

    CLIENT_SECRET = "client_secret"  # noqa: S105  (names of kinds, no secrets)
    AUTHORIZATION_CODE = "authorization_code"
    ACCESS_TOKEN = "access_token"  # noqa: S105
    REFRESH_TOKEN = "refresh_token"  # noqa: S105
    CALLBACK_SECRET = "callback_secret"  # noqa: S105


class SealBroken(Exception):
    """A sealed text does not open: wrong key, wrong company, kind or environment, or changed bytes."""


class Intake:
    """The web's half: seals for the worker and cannot open what it sealed."""

    def __init__(self, public_key: bytes, *, environment: Environment) -> None:
        self._key = X25519PublicKey.from_public_bytes(public_key)
        self._environment = environment

    def seal(self, secret: Secret, *, company_id: str, kind: Kind) -> bytes:
        """Return `secret` sealed for the worker, bound to company, kind and environment."""
        return _suite().encrypt(
            secret.reveal().encode(), self._key, info=_binding("intake", self._environment, company_id, kind)
        )


class Vault:
    """The worker's half. The first master key seals for keeping; each of them opens what it sealed."""

    def __init__(
        self, master_keys: tuple[MasterKey, ...], *, environment: Environment, random_bytes: RandomBytes
    ) -> None:
        assert master_keys, "a vault needs a key"
        self._sealing_id = master_keys[0].key_id
        self._keeping = {key.key_id: AESGCM(_derived(key, b"integrator keeping v1")) for key in master_keys}
        self._intake = tuple(_intake_private_key(key) for key in master_keys)
        self._environment = environment
        self._random_bytes = random_bytes

    def open_intake(self, sealed: bytes, *, company_id: str, kind: Kind) -> Secret:
        """Return what the web sealed for this company and kind. Raises SealBroken."""
        info = _binding("intake", self._environment, company_id, kind)
        for key in self._intake:
            try:
                return Secret(_suite().decrypt(sealed, key, info=info).decode())
            except (InvalidTag, ValueError):
                continue
        raise SealBroken(_broken(company_id, kind))

    def seal(self, secret: Secret, *, company_id: str, kind: Kind) -> bytes:
        """Return key id (8 ASCII characters), nonce (12 bytes) and AES-256-GCM ciphertext."""
        nonce = self._random_bytes(NONCE_LENGTH)
        data = _binding("v1", self._environment, company_id, kind)
        sealed = self._keeping[self._sealing_id].encrypt(nonce, secret.reveal().encode(), data)
        return self._sealing_id.encode("ascii") + nonce + sealed

    def open(self, sealed: bytes, *, company_id: str, kind: Kind) -> Secret:
        """Return what `seal` was given for this company and kind. Raises SealBroken."""
        key = self._keeping.get(sealed[:KEY_ID_LENGTH].decode("ascii", "replace"))
        if key is None:
            raise SealBroken(f"{_broken(company_id, kind)}: sealed with a key that is not in INTEGRATOR_MASTER_KEY")
        nonce = sealed[KEY_ID_LENGTH : KEY_ID_LENGTH + NONCE_LENGTH]
        data = _binding("v1", self._environment, company_id, kind)
        try:
            return Secret(key.decrypt(nonce, sealed[KEY_ID_LENGTH + NONCE_LENGTH :], data).decode())
        except (InvalidTag, ValueError):
            raise SealBroken(_broken(company_id, kind)) from None


def intake_public_key(key: MasterKey) -> bytes:
    """Return the 32 bytes with which the web seals for the holder of this master key; not secret."""
    return _intake_private_key(key).public_key().public_bytes_raw()


def new_master_key(random_bytes: RandomBytes) -> MasterKey:
    """Return a fresh key with a random id."""
    key_id = "".join(KEY_ID_ALPHABET[byte % len(KEY_ID_ALPHABET)] for byte in random_bytes(KEY_ID_LENGTH))
    return MasterKey(key_id, random_bytes(KEY_LENGTH))


def _suite() -> Suite:
    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def _intake_private_key(key: MasterKey) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(_derived(key, b"integrator intake v1"))


def _derived(key: MasterKey, purpose: bytes) -> bytes:
    # One key for each purpose: what leaks of one use says nothing about the other.
    return HKDF(algorithm=SHA256(), length=KEY_LENGTH, salt=None, info=purpose).derive(key.material)


def _binding(use: str, environment: Environment, company_id: str, kind: Kind) -> bytes:
    assert COMPANY_ID.fullmatch(company_id), "a company id was checked when it was registered"
    return f"{use}|{environment}|{company_id}|{kind}".encode("ascii")


def _broken(company_id: str, kind: Kind) -> str:
    return f"the {kind} of {company_id} does not open here"
