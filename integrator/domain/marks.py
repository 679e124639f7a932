"""Marks and duplicate keys that follow from an order's own key. Pure."""

import hashlib

MARK_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
MARK_LENGTH = 20


def mark_of(company_id: str, idempotency_key: str) -> str:
    """Return the mark of an order's first submission. It follows from the order's own key.

    So a payout that a restored database has forgotten, placed again under its key, is known at the bank by its mark.
    """
    return "R" + _derived("mark", company_id, idempotency_key, MARK_LENGTH - 1)


def bank_key_of(company_id: str, idempotency_key: str) -> str:
    """Return the duplicate key of an order's first submission, which follows from the order's own key likewise."""
    return "nk-" + _derived("bank-key", company_id, idempotency_key, 40)


def _derived(purpose: str, company_id: str, idempotency_key: str, length: int) -> str:
    digest = hashlib.sha256(f"{purpose}\n{company_id}\n{idempotency_key}".encode()).digest()
    number = int.from_bytes(digest)
    letters = []
    for _ in range(length):
        number, place = divmod(number, len(MARK_ALPHABET))
        letters.append(MARK_ALPHABET[place])
    return "".join(letters)
