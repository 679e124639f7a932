"""Decimal figures kept as whole numbers of their smallest part: foreign amounts and rates. Yen are in yen.py."""

import re

# Source: Corporation API, Balance and VisaTransaction: up to three decimals there, up to six here.
AMOUNT_PLACES = 3
VISA_PLACES = 6

_DECIMAL = re.compile(r"(?P<sign>-?)(?P<whole>[0-9]+)(?:\.(?P<part>[0-9]+))?")


def parse_decimal(text: str, *, places: int) -> int:
    """Return "350.48" with three places as 350480. Raises ValueError for another form or more decimals."""
    match = _DECIMAL.fullmatch(text)
    if match is None or len(match["part"] or "") > places:
        raise ValueError(f"a figure has digits, then up to {places} decimals, not {text!r}")
    return int(match["sign"] + match["whole"] + (match["part"] or "").ljust(places, "0"))


def write_decimal(figure: int, *, places: int) -> str:
    """Return 350480 with three places as "350.48". One decimal stays, because the wire wants three characters."""
    whole, part = divmod(abs(figure), 10**places)
    decimals = f"{part:0{places}}".rstrip("0") or "0"
    return f"{'-' if figure < 0 else ''}{whole}.{decimals}"
