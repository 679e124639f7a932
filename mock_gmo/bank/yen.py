"""Whole yen as digits. Reading amounts only: fees are in fees.py, balances in postings.py."""


def parse_yen(digits: str) -> int:
    """Return the whole yen written in half-width digits: "1200" -> 1200.

    Raises ValueError for a sign, a comma, a decimal point, full-width digits or nothing at all.
    Source: Corporation API, transferAmount.
    """
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError(f"an amount is written in the digits 0-9, not {digits!r}")
    return int(digits)
