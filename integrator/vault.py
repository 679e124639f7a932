"""Sealing and opening of secrets. What a sealed text says lives elsewhere; here are only keys and bindings.

Two kinds of seal. *Intake*: anybody with the public key (the web) seals, only the worker opens. *Keeping*: the
worker seals with a data key made for this one text, and puts the data key, sealed by the master key, in front of
it; whoever deletes the text has deleted its key. Both are bound to environment, company and kind, so that a sealed
text moved to another row does not open.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256, Hash
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from integrator.keys import KEY_ID_LENGTH, NONCE_LENGTH, KeyRefused, KeyService, RandomBytes, intake_private_key
from integrator.secret import Secret
from integrator.settings import KEY_LENGTH, Environment, MasterKey

KEY_ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"  # 32 signs: a byte picks one without bias
COMPANY_ID = re.compile(r"[A-Za-z0-9-]{1,64}")  # no "|", so a binding reads only one way
ENVELOPE = b"\x02"  # first byte of an envelope; the first release put the key id there, which is text
SIZE_LENGTH = 2


class Kind(StrEnum):
    """What a sealed text is; part of its binding."""

    CLIENT_SECRET = "client_secret"  # noqa: S105  (names of kinds, no secrets)
    AUTHORIZATION_CODE = "authorization_code"
    ACCESS_TOKEN = "access_token"  # noqa: S105
    REFRESH_TOKEN = "refresh_token"  # noqa: S105
    CALLBACK_SECRET = "callback_secret"  # noqa: S105
    CANARY = "canary"  # says nothing; opens where the keys belong to the database


class SealBroken(Exception):
    """A sealed text does not open: wrong key, wrong company, kind or environment, or changed bytes."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A sealed text in its parts. The key id, 8 ASCII characters, names the master key that opens the data key."""

    key_id: str
    wrapped: bytes
    content: bytes

    def written(self) -> bytes:
        """Return the bytes that are kept: sign, key id, size of the data key, data key, nonce and ciphertext."""
        size = len(self.wrapped).to_bytes(SIZE_LENGTH, "big")
        return header_of(self.key_id) + size + self.wrapped + self.content


def header_of(key_id: str) -> bytes:
    """Return how everything sealed under this master key begins."""
    return ENVELOPE + key_id.encode("ascii")


class Intake:
    """The web's half: seals for the worker and cannot open what it sealed."""

    def __init__(self, public_key: bytes, *, environment: Environment) -> None:
        self._key = X25519PublicKey.from_public_bytes(public_key)
        self._environment = environment

    @property
    def fingerprint(self) -> str:
        """Return a short name of the public key, for comparing."""
        return fingerprint(self._key.public_bytes_raw())

    def seal(self, secret: Secret, *, company_id: str, kind: Kind) -> bytes:
        """Return `secret` sealed for the worker, bound to company, kind and environment."""
        return _suite().encrypt(
            secret.reveal().encode(), self._key, info=_binding("intake", self._environment, company_id, kind)
        )


class Vault:
    """The worker's half. The first master key seals data keys; each of them opens what it sealed."""

    def __init__(self, keys: KeyService, *, environment: Environment, random_bytes: RandomBytes) -> None:
        self._keys = keys
        self._environment = environment
        self._random_bytes = random_bytes

    @property
    def key_ids(self) -> tuple[str, ...]:
        """Return the ids of the master keys; the first one seals."""
        return self._keys.key_ids

    @property
    def intake_fingerprints(self) -> tuple[str, ...]:
        """Return the fingerprints of the public keys whose seals this worker opens, the present one first."""
        return tuple(fingerprint(key.public_key().public_bytes_raw()) for _, key in self._keys.intake_keys())

    def open_intake(self, sealed: bytes, *, company_id: str, kind: Kind) -> Secret:
        """Return what the web sealed for this company and kind. Raises SealBroken."""
        return self._opened_intake(sealed, company_id, kind)[1]

    def intake_key_id(self, sealed: bytes, *, company_id: str, kind: Kind) -> str:
        """Return the id of the master key that opens what the web sealed. Raises SealBroken."""
        return self._opened_intake(sealed, company_id, kind)[0]

    def renewed_intake(self, sealed: bytes, *, company_id: str, kind: Kind) -> bytes:
        """Return the same secret sealed for the first key; unchanged when it is so already. Raises SealBroken."""
        key_id, secret = self._opened_intake(sealed, company_id, kind)
        if key_id == self.key_ids[0]:
            return sealed
        public = self._keys.intake_keys()[0][1].public_key().public_bytes_raw()
        return Intake(public, environment=self._environment).seal(secret, company_id=company_id, kind=kind)

    def seal(self, secret: Secret, *, company_id: str, kind: Kind) -> bytes:
        """Return an envelope: the secret under a data key of its own (AES-256-GCM), and that key sealed."""
        data_key, nonce = self._random_bytes(KEY_LENGTH), self._random_bytes(NONCE_LENGTH)
        data = _binding("v2", self._environment, company_id, kind)
        content = nonce + AESGCM(data_key).encrypt(nonce, secret.reveal().encode(), data)
        wrapped = self._keys.wrap(data_key, context=_binding("data-key", self._environment, company_id, kind))
        return Envelope(self.key_ids[0], wrapped, content).written()

    def open(self, sealed: bytes, *, company_id: str, kind: Kind) -> Secret:
        """Return what `seal` was given for this company and kind. Raises SealBroken."""
        try:
            if not sealed.startswith(ENVELOPE):
                return self._opened_direct(sealed, company_id, kind)
            envelope = _read(sealed)
            data_key = self._data_key(envelope, company_id, kind)
            nonce, text = envelope.content[:NONCE_LENGTH], envelope.content[NONCE_LENGTH:]
            data = _binding("v2", self._environment, company_id, kind)
            return Secret(AESGCM(data_key).decrypt(nonce, text, data).decode())
        except (InvalidTag, KeyRefused, ValueError):
            raise SealBroken(self._broken(sealed, company_id, kind)) from None

    def renewed(self, sealed: bytes, *, company_id: str, kind: Kind) -> bytes:
        """Return the same envelope with its data key sealed by the first master key; the content stays as it is.

        What the first release sealed becomes an envelope. Raises SealBroken.
        """
        if sealed.startswith(header_of(self.key_ids[0])):
            return sealed
        secret = self.open(sealed, company_id=company_id, kind=kind)  # nothing that does not open is carried on
        if not sealed.startswith(ENVELOPE):
            return self.seal(secret, company_id=company_id, kind=kind)
        envelope = _read(sealed)
        context = _binding("data-key", self._environment, company_id, kind)
        wrapped = self._keys.wrap(self._data_key(envelope, company_id, kind), context=context)
        return Envelope(self.key_ids[0], wrapped, envelope.content).written()

    def _data_key(self, envelope: Envelope, company_id: str, kind: Kind) -> bytes:
        context = _binding("data-key", self._environment, company_id, kind)
        return self._keys.unwrap(envelope.wrapped, key_id=envelope.key_id, context=context)

    def _opened_direct(self, sealed: bytes, company_id: str, kind: Kind) -> Secret:
        context = _binding("v1", self._environment, company_id, kind)
        return Secret(self._keys.open_direct(sealed[KEY_ID_LENGTH:], key_id=_key_id(sealed), context=context).decode())

    def _opened_intake(self, sealed: bytes, company_id: str, kind: Kind) -> tuple[str, Secret]:
        info = _binding("intake", self._environment, company_id, kind)
        for key_id, key in self._keys.intake_keys():
            try:
                return key_id, Secret(_suite().decrypt(sealed, key, info=info).decode())
            except (InvalidTag, ValueError):
                continue
        raise SealBroken(_does_not_open(company_id, kind))

    def _broken(self, sealed: bytes, company_id: str, kind: Kind) -> str:
        said = _does_not_open(company_id, kind)
        if sealing_key_id(sealed) in self.key_ids:
            return said
        return f"{said}: sealed with a key that is not in INTEGRATOR_MASTER_KEY"


def sealing_key_id(sealed: bytes) -> str:
    """Return the id of the master key that something kept needs."""
    return _key_id(sealed.removeprefix(ENVELOPE))


def fingerprint(public_key: bytes) -> str:
    """Return a short name of a public intake key; not secret."""
    digest = Hash(SHA256())
    digest.update(public_key)
    return digest.finalize().hex()[:16]


def intake_public_key(key: MasterKey) -> bytes:
    """Return the 32 bytes with which the web seals for the holder of this master key; not secret."""
    return intake_private_key(key).public_key().public_bytes_raw()


def new_master_key(random_bytes: RandomBytes) -> MasterKey:
    """Return a fresh key with a random id."""
    key_id = "".join(KEY_ID_ALPHABET[byte % len(KEY_ID_ALPHABET)] for byte in random_bytes(KEY_ID_LENGTH))
    return MasterKey(key_id, random_bytes(KEY_LENGTH))


def _read(sealed: bytes) -> Envelope:
    start = len(ENVELOPE) + KEY_ID_LENGTH
    size = int.from_bytes(sealed[start : start + SIZE_LENGTH], "big")
    end = start + SIZE_LENGTH + size
    return Envelope(sealing_key_id(sealed), sealed[start + SIZE_LENGTH : end], sealed[end:])


def _key_id(text: bytes) -> str:
    return text[:KEY_ID_LENGTH].decode("ascii", "replace")


def _suite() -> Suite:
    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def _binding(use: str, environment: Environment, company_id: str, kind: Kind) -> bytes:
    assert COMPANY_ID.fullmatch(company_id), "a company id was checked when it was registered"
    return f"{use}|{environment}|{company_id}|{kind}".encode("ascii")


def _does_not_open(company_id: str, kind: Kind) -> str:
    return f"the {kind} of {company_id} does not open here"
