"""Holder names of virtual accounts: the holder's registered kana name and the text that is added to it.

Source: kana page of the wire reference, "Holder names of virtual accounts".
"""

import re

from mock_gmo.bank.kana import convert_characters
from mock_gmo.bank.refusals import VaHolderNameUnusable

HOLDER_NAME_LENGTH_MAX = 40

# Narrower than the set of transfers: no brackets ｢ ｣, no yen sign.
_ALLOWED = re.compile(r"[0-9A-Zｱ-ﾝﾞﾟ/().,\- ]*")


def compose_holder_name(base: str, added: str | None, *, added_first: bool, hiragana: bool = False) -> str:
    """Return the complete holder name, 40 characters at most; dakuten count, and overflow costs the added text its end.

    A base that ends within an open bracket is closed before text that follows. Raises VaHolderNameUnusable for a
    character that cannot be converted, and for spaces in the wrong place of text that comes first.
    """
    base = base[:HOLDER_NAME_LENGTH_MAX]
    text = convert_holder_text(added, hiragana=hiragana) if added is not None else ""
    if added_first:
        if text.startswith(" ") or "  " in text:
            raise VaHolderNameUnusable
        return text[: HOLDER_NAME_LENGTH_MAX - len(base)] + base
    closed = base + ")" if base.rfind("(") > base.rfind(")") else base
    following = text[: max(0, HOLDER_NAME_LENGTH_MAX - len(closed))]
    return closed + following if following else base


def convert_holder_text(text: str, *, hiragana: bool = False) -> str:
    """Return a text in the characters of holder names. Raises VaHolderNameUnusable when one cannot be converted."""
    converted = convert_characters(text, hiragana=hiragana)
    if _ALLOWED.fullmatch(converted) is None:
        raise VaHolderNameUnusable
    return converted
