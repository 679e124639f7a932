"""The vault: what is sealed opens only where it belongs, and only for who may open it."""

from itertools import count, product
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from integrator.keys import KEY_ID_LENGTH, NONCE_LENGTH, LocalKeys, RandomBytes
from integrator.secret import Secret
from integrator.settings import Environment, MasterKey
from integrator.vault import (
    Intake,
    Kind,
    SealBroken,
    Vault,
    intake_public_key,
    new_master_key,
    sealing_key_id,
)

NEW = MasterKey("k2026-01", bytes(range(32)))
OLD = MasterKey("k2025-01", bytes(range(32, 64)))
TOKEN = Secret("k3JxP0b7QmZt9LrVw2Ys8NcHd5GfA1Ee")


def counted_bytes() -> RandomBytes:
    numbers = count(1)
    return lambda length: next(numbers).to_bytes(length, "big")


def make_vault(*keys: MasterKey, environment: Environment = Environment.LOCAL) -> Vault:
    random_bytes = counted_bytes()
    local = LocalKeys(keys or (NEW,), random_bytes=random_bytes)
    return Vault(local, environment=environment, random_bytes=random_bytes)


def make_intake(key: MasterKey = NEW, environment: Environment = Environment.LOCAL) -> Intake:
    return Intake(intake_public_key(key), environment=environment)


def test_what_the_worker_seals_it_opens_again() -> None:
    vault = make_vault()
    sealed = vault.seal(TOKEN, company_id="shop-0001", kind=Kind.ACCESS_TOKEN)

    assert vault.open(sealed, company_id="shop-0001", kind=Kind.ACCESS_TOKEN) == TOKEN
    assert TOKEN.reveal().encode() not in sealed


def test_what_the_web_seals_the_worker_opens() -> None:
    sealed = make_intake().seal(Secret("日本語の秘密"), company_id="shop-0001", kind=Kind.CLIENT_SECRET)

    assert make_vault().open_intake(sealed, company_id="shop-0001", kind=Kind.CLIENT_SECRET) == Secret("日本語の秘密")


@pytest.mark.parametrize(
    ("environment", "company_id", "kind"),
    [
        place
        for place in product(
            (Environment.LOCAL, Environment.PRODUCTION),
            ("shop-0001", "shop-0002"),
            (Kind.ACCESS_TOKEN, Kind.REFRESH_TOKEN),
        )
        if place != (Environment.LOCAL, "shop-0001", Kind.ACCESS_TOKEN)
    ],
)
def test_a_sealed_text_moved_to_another_place_does_not_open(
    environment: Environment, company_id: str, kind: Kind
) -> None:
    kept = make_vault().seal(TOKEN, company_id="shop-0001", kind=Kind.ACCESS_TOKEN)
    taken_in = make_intake().seal(TOKEN, company_id="shop-0001", kind=Kind.ACCESS_TOKEN)
    vault = make_vault(environment=environment)

    with pytest.raises(SealBroken):
        vault.open(kept, company_id=company_id, kind=kind)
    with pytest.raises(SealBroken):
        vault.open_intake(taken_in, company_id=company_id, kind=kind)


def test_no_byte_of_a_sealed_text_can_be_changed() -> None:
    vault = make_vault()
    kept = vault.seal(TOKEN, company_id="shop-0001", kind=Kind.ACCESS_TOKEN)
    taken_in = make_intake().seal(TOKEN, company_id="shop-0001", kind=Kind.ACCESS_TOKEN)

    for sealed, open_it in ((kept, vault.open), (taken_in, vault.open_intake)):
        for place in range(len(sealed)):
            changed = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
            with pytest.raises(SealBroken):
                open_it(changed, company_id="shop-0001", kind=Kind.ACCESS_TOKEN)


@pytest.mark.parametrize("length", [0, 1, 7, 8, 19, 20, 31, 35])
def test_a_torn_sealed_text_does_not_open(length: int) -> None:
    vault = make_vault()
    kept = vault.seal(TOKEN, company_id="shop-0001", kind=Kind.ACCESS_TOKEN)
    taken_in = make_intake().seal(TOKEN, company_id="shop-0001", kind=Kind.ACCESS_TOKEN)

    with pytest.raises(SealBroken):
        vault.open(kept[:length], company_id="shop-0001", kind=Kind.ACCESS_TOKEN)
    with pytest.raises(SealBroken):
        vault.open_intake(taken_in[:length], company_id="shop-0001", kind=Kind.ACCESS_TOKEN)


def test_the_key_id_stands_in_front_and_every_sealing_has_a_nonce_of_its_own() -> None:
    vault = make_vault()
    sealed = [vault.seal(TOKEN, company_id="shop-0001", kind=Kind.ACCESS_TOKEN) for _ in range(100)]

    wrapped = NONCE_LENGTH + 32 + 16
    start = 1 + KEY_ID_LENGTH + 2
    assert {sealing_key_id(text) for text in sealed} == {"k2026-01"}
    assert len({text[start : start + wrapped] for text in sealed}) == 100
    assert len({text[start + wrapped : start + wrapped + NONCE_LENGTH] for text in sealed}) == 100
    assert len(sealed[0]) == start + wrapped + NONCE_LENGTH + len(TOKEN.reveal()) + 16


def test_after_a_rotation_the_old_key_still_opens_and_the_new_one_seals() -> None:
    kept = make_vault(OLD).seal(TOKEN, company_id="shop-0001", kind=Kind.REFRESH_TOKEN)
    taken_in = make_intake(OLD).seal(TOKEN, company_id="shop-0001", kind=Kind.CLIENT_SECRET)
    rotated = make_vault(NEW, OLD)

    assert rotated.open(kept, company_id="shop-0001", kind=Kind.REFRESH_TOKEN) == TOKEN
    assert rotated.open_intake(taken_in, company_id="shop-0001", kind=Kind.CLIENT_SECRET) == TOKEN
    assert rotated.seal(TOKEN, company_id="shop-0001", kind=Kind.REFRESH_TOKEN).startswith(b"\x02k2026-01")


def test_a_text_sealed_with_a_key_that_is_gone_says_so() -> None:
    kept = make_vault(OLD).seal(TOKEN, company_id="shop-0001", kind=Kind.REFRESH_TOKEN)

    with pytest.raises(SealBroken, match="INTEGRATOR_MASTER_KEY"):
        make_vault(NEW).open(kept, company_id="shop-0001", kind=Kind.REFRESH_TOKEN)


def test_a_key_of_the_same_id_but_other_material_opens_nothing() -> None:
    kept = make_vault(NEW).seal(TOKEN, company_id="shop-0001", kind=Kind.ACCESS_TOKEN)

    with pytest.raises(SealBroken):
        make_vault(MasterKey(NEW.key_id, OLD.material)).open(kept, company_id="shop-0001", kind=Kind.ACCESS_TOKEN)


def test_the_web_has_no_way_to_open_anything() -> None:
    assert [name for name in dir(Intake) if not name.startswith("_")] == ["fingerprint", "seal"]


def test_a_company_id_that_would_blur_the_binding_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        make_vault().seal(TOKEN, company_id="shop|access_token", kind=Kind.ACCESS_TOKEN)


def test_a_new_master_key_has_an_id_of_eight_and_32_bytes() -> None:
    key = new_master_key(counted_bytes())

    assert len(key.key_id) == KEY_ID_LENGTH
    assert key.key_id.isascii()
    assert len(key.material) == 32


def former_seal(key: MasterKey) -> bytes:
    """Return the token as the first release kept it: under the master key itself, bound as v1."""
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"integrator keeping v1").derive(key.material)
    nonce = bytes(range(12))
    data = b"v1|local|shop-0001|access_token"
    return key.key_id.encode() + nonce + AESGCM(derived).encrypt(nonce, TOKEN.reveal().encode(), data)


def test_what_the_first_release_sealed_still_opens_and_is_renewed_as_an_envelope() -> None:
    vault = make_vault(NEW, OLD)
    kept = former_seal(OLD)

    renewed = vault.renewed(kept, company_id="shop-0001", kind=Kind.ACCESS_TOKEN)

    assert vault.open(kept, company_id="shop-0001", kind=Kind.ACCESS_TOKEN) == TOKEN
    assert make_vault(NEW).open(renewed, company_id="shop-0001", kind=Kind.ACCESS_TOKEN) == TOKEN
    with pytest.raises(SealBroken):
        vault.open(kept, company_id="shop-0002", kind=Kind.ACCESS_TOKEN)


def test_renewing_seals_the_data_key_anew_and_leaves_the_content_as_it_is() -> None:
    kept = make_vault(OLD).seal(TOKEN, company_id="shop-0001", kind=Kind.ACCESS_TOKEN)
    content = len(TOKEN.reveal()) + 16 + NONCE_LENGTH

    renewed = make_vault(NEW, OLD).renewed(kept, company_id="shop-0001", kind=Kind.ACCESS_TOKEN)

    assert renewed[-content:] == kept[-content:]
    assert renewed[:-content] != kept[:-content]
    assert make_vault(NEW).open(renewed, company_id="shop-0001", kind=Kind.ACCESS_TOKEN) == TOKEN
    assert make_vault(NEW).renewed(renewed, company_id="shop-0001", kind=Kind.ACCESS_TOKEN) is renewed


def test_what_lies_in_another_row_is_not_renewed_into_it() -> None:
    kept = make_vault(OLD).seal(TOKEN, company_id="shop-0001", kind=Kind.ACCESS_TOKEN)

    with pytest.raises(SealBroken):
        make_vault(NEW, OLD).renewed(kept, company_id="shop-0002", kind=Kind.ACCESS_TOKEN)


def test_an_intake_envelope_is_renewed_for_the_first_key() -> None:
    place: Any = {"company_id": "shop-0001", "kind": Kind.CLIENT_SECRET}
    taken_in = make_intake(OLD).seal(TOKEN, **place)

    renewed = make_vault(NEW, OLD).renewed_intake(taken_in, **place)

    assert make_vault(NEW).open_intake(renewed, **place) == TOKEN
    assert make_vault(NEW, OLD).renewed_intake(renewed, **place) is renewed
