"""Characters that transfers carry: conversion, refusal, cutting, and the full-width form in statements.

Source: kana page of the wire reference; the set is the common one of Japanese interbank transfers [GUESS]. Names of
virtual accounts have a narrower set, in virtual_account_names.py; they share the conversions.
"""

import re
import unicodedata
from functools import lru_cache

NAME_LENGTH_MAX = 48
EDI_LENGTH_MAX = 20

_ALLOWED = re.compile(r"[0-9A-Zｱ-ﾝﾞﾟ()\-./,｢｣¥\\ ]*")

_FULL_KANA = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン"
_HALF_KANA = "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝ"
_FULL_SMALL, _HALF_SMALL = "ァィゥェォャュョッヮヵヶヲ", "ｱｲｳｴｵﾔﾕﾖﾂﾜｶｹｵ"
_FULL_VOICED = "ガギグゲゴザジズゼゾダヂヅデドバビブベボヴ"
_HALF_VOICED = "ｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾊﾋﾌﾍﾎｳ"
_FULL_HALF_VOICED = "パピプペポ"
_HALF_HALF_VOICED = "ﾊﾋﾌﾍﾎ"
_HYPHENS = "ｰー－‐−―"
_DOTS = "･・．"
_HIRAGANA_TO_KATAKANA = 0x60
_FULL_WIDTH_ASCII = 0xFEE0

_KATAKANA: dict[str, str] = {
    **dict(zip(_FULL_KANA, _HALF_KANA, strict=True)),
    **dict(zip(_FULL_SMALL, _HALF_SMALL, strict=True)),
    **{full: half + "ﾞ" for full, half in zip(_FULL_VOICED, _HALF_VOICED, strict=True)},
    **{full: half + "ﾟ" for full, half in zip(_FULL_HALF_VOICED, _HALF_HALF_VOICED, strict=True)},
}

_CONVERSIONS: dict[int, str] = str.maketrans(
    {
        **_KATAKANA,
        **dict(zip("ｧｨｩｪｫｬｭｮｯｦ", "ｱｲｳｴｵﾔﾕﾖﾂｵ", strict=True)),
        **{letter: letter.upper() for letter in "abcdefghijklmnopqrstuvwxyz"},
        **{chr(ord(c) + _FULL_WIDTH_ASCII): c.upper() for c in "abcdefghijklmnopqrstuvwxyz"},
        **{chr(ord(c) + _FULL_WIDTH_ASCII): c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789(),/\\"},
        **dict.fromkeys(_HYPHENS, "-"),
        **dict.fromkeys(_DOTS, "."),
        **dict.fromkeys("゛\u3099", "ﾞ"),
        **dict.fromkeys("゜\u309a", "ﾟ"),
        "「": "｢",
        "」": "｣",
        "￥": "¥",
        "\u3000": " ",
    }
)

_HIRAGANA: dict[int, str] = {ord(katakana) - _HIRAGANA_TO_KATAKANA: half for katakana, half in _KATAKANA.items()}

_TO_FULL_WIDTH: dict[int, str] = str.maketrans(
    {
        **{chr(code): chr(code + _FULL_WIDTH_ASCII) for code in range(0x21, 0x7F)},
        " ": "\u3000",
        "¥": "￥",
        "\u3099": "゛",
        "\u309a": "゜",
    }
)


class ForbiddenCharacter(ValueError):
    """A text holds a character that transfers cannot carry, or nothing but spaces; `character` is the first such."""

    def __init__(self, character: str) -> None:
        super().__init__(f"transfers cannot carry {character!r}" if character else "nothing but spaces")
        self.character = character


@lru_cache(maxsize=4096)
def convert_transfer_text(text: str, *, hiragana: bool = False) -> str:
    """Return a name in the characters of transfers: half-width, large kana, capitals, no spaces at the ends.

    Raises ForbiddenCharacter when something remains that cannot be converted, or nothing remains. Hiragana is
    converted only when asked for [GUESS].
    """
    return require_transfer_text(convert_characters(text, hiragana=hiragana).strip(" "))


def convert_characters(text: str, *, hiragana: bool = False) -> str:
    """Return the text with everything converted that the bank converts; what it cannot convert stays as it is."""
    return (text.translate(_HIRAGANA) if hiragana else text).translate(_CONVERSIONS)


def require_transfer_text(text: str) -> str:
    """Return the text unchanged when transfers can carry every character; raises ForbiddenCharacter otherwise."""
    allowed = _ALLOWED.match(text)
    assert allowed is not None, "the pattern matches the empty text too"
    if allowed.end() < len(text):
        raise ForbiddenCharacter(text[allowed.end()])
    if not text.strip(" "):
        raise ForbiddenCharacter("")
    return text


def to_remarks(half_width: str) -> str:
    """Return a half-width name as statements show it: everything full-width, voiced kana in one character."""
    return unicodedata.normalize("NFKC", half_width).translate(_TO_FULL_WIDTH)


def transfer_remarks(name: str, *, edi_info: str | None = None) -> str:
    """Return 摘要内容 of a transfer: 振込, the EDI text as it is, the half-width name turned full-width."""
    return " ".join(part for part in ("振込", edi_info, to_remarks(name)) if part)
