"""Marks and duplicate keys that follow from an order's own key. Pure."""

import hashlib

MARK_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
MARK_LENGTH = 20
TURNS_KNOWN = 16  # a batch is halved seven times at most; a restore knows an order by as many of its marks


def mark_of(company_id: str, idempotency_key: str, turn: int = 0) -> str:
    """Return the mark of an order's submission; each further one, after a refusal, has another `turn`.

    It follows from the order's own key. So a payout that a restored database has forgotten, placed again under its
    key, is known at the bank by its mark.
    """
    return "R" + _derived("mark", company_id, _of_turn(idempotency_key, turn), MARK_LENGTH - 1)


def marks_of(company_id: str, idempotency_key: str) -> list[str]:
    """Return the marks that an order may have at the bank, the latest first."""
    return [mark_of(company_id, idempotency_key, turn) for turn in reversed(range(TURNS_KNOWN))]


def bank_key_of(company_id: str, idempotency_key: str, turn: int = 0) -> str:
    """Return the duplicate key of an order's submission, which follows from the order's own key likewise."""
    return "nk-" + _derived("bank-key", company_id, _of_turn(idempotency_key, turn), 40)


def _of_turn(idempotency_key: str, turn: int) -> str:
    return f"{idempotency_key}\n{turn}" if turn else idempotency_key


def _derived(purpose: str, company_id: str, idempotency_key: str, length: int) -> str:
    digest = hashlib.sha256(f"{purpose}\n{company_id}\n{idempotency_key}".encode()).digest()
    number = int.from_bytes(digest)
    letters = []
    for _ in range(length):
        number, place = divmod(number, len(MARK_ALPHABET))
        letters.append(MARK_ALPHABET[place])
    return "".join(letters)
