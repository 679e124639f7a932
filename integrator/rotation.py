"""Changing the master key while everything runs: sealed texts get their data keys sealed anew, a few at a time.

Workers hold the old and the new key meanwhile. Whatever is broken off goes on where it stopped, because what has
the new key already is not visited again.
"""

import logging
from collections import Counter
from dataclasses import dataclass, field

from integrator.store.database import Database
from integrator.store.seals import BATCH, PLACES, Form, Found, Place, exchange_seal, key_ids_in_use, page_of_seals
from integrator.vault import SealBroken, Vault, sealing_key_id

log = logging.getLogger("integrator.rotation")


@dataclass(frozen=True, slots=True)
class KeyUse:
    """What still needs which master key. `broken` names sealed texts that none of the keys opens."""

    needed: dict[str, int] = field(default_factory=dict)
    broken: tuple[str, ...] = ()

    def is_free(self, key_id: str) -> bool:
        """Whether this key can go: nothing that is stored needs it."""
        return not self.broken and self.needed.get(key_id, 0) == 0


def rotate(db: Database, vault: Vault, *, batch: int = BATCH) -> int:
    """Seal every data key with the first master key, and envelopes of the web for it. Returns how many were changed.

    Each transaction changes at most `batch` texts, and none that changed since it was read. What does not open stays
    as it is: `key_use` names it.
    """
    changed = 0
    for place in PLACES:
        after: str | int | None = None
        while found := _page(db, vault, place, after=after, limit=batch):
            changed += _renew(db, vault, place, found)
            after = found[-1].row_key
    log.info("keys.rotated key_id=%s changed=%d", vault.key_ids[0], changed)
    return changed


def key_use(db: Database, vault: Vault) -> KeyUse:
    """Return what still needs which master key, as the database stands now."""
    needed: Counter[str] = Counter()
    broken: list[str] = []
    for place in PLACES:
        if place.form is Form.KEPT:
            with db.read() as tx:
                needed.update(key_ids_in_use(tx, place))
        after: str | int | None = None
        while found := _page(db, vault, place, after=after, limit=BATCH):
            for one in found:
                key_id = _needed_key_id(vault, place, one)
                if key_id is None:
                    broken.append(f"{place.name} of {one.company_id}")
                elif place.form is Form.INTAKE:
                    needed[key_id] += 1
            after = found[-1].row_key
    return KeyUse(dict(needed), tuple(broken))


def _page(db: Database, vault: Vault, place: Place, *, after: str | int | None, limit: int) -> list[Found]:
    but_key_id = vault.key_ids[0] if place.form is Form.KEPT else None
    with db.read() as tx:
        return page_of_seals(tx, place, after=after, but_key_id=but_key_id, limit=limit)


def _renew(db: Database, vault: Vault, place: Place, found: list[Found]) -> int:
    # Sealing may ask a key service, so it is done before the transaction, which compares before it changes.
    renewed = [(one, text) for one in found if (text := _renewed(vault, place, one)) != one.sealed]
    if not renewed:
        return 0
    with db.begin() as tx:
        return sum(exchange_seal(tx, place, one, renewed=text) for one, text in renewed)


def _renewed(vault: Vault, place: Place, found: Found) -> bytes:
    renew = vault.renewed if place.form is Form.KEPT else vault.renewed_intake
    try:
        return renew(found.sealed, company_id=found.company_id, kind=place.kind)
    except SealBroken as broken:
        log.error("keys.seal_broken place=%s company=%s reason=%s", place.name, found.company_id, broken)
        return found.sealed


def _needed_key_id(vault: Vault, place: Place, found: Found) -> str | None:
    try:
        if place.form is Form.INTAKE:
            return vault.intake_key_id(found.sealed, company_id=found.company_id, kind=place.kind)
        vault.open(found.sealed, company_id=found.company_id, kind=place.kind)
    except SealBroken:
        return None
    return sealing_key_id(found.sealed)
