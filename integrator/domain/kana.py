"""A beneficiary's name in the characters that the bank transfers (振込許容文字: the common interbank set).

We convert before sending, so that what ReCORE is shown is what the bank will print; the bank's own
conversions then change nothing. A character that cannot be converted is refused here, never dropped.
"""

import unicodedata
from dataclasses import dataclass, field
from typing import Any

NAME_LENGTH_MAX = 48  # Corporation API, Transfer.beneficiaryName; counted after conversion, a dakuten is one

_FULL = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン"
_HALF = "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝ"
_ALIKE = {  # the set has no small kana, no obsolete kana and no ヲ
    **dict(zip("ァィゥェォャュョッヮヵヶヰヱヲ", "ｱｲｳｴｵﾔﾕﾖﾂﾜｶｹｲｴｵ", strict=True)),
    "\u3099": "ﾞ",
    "\u309a": "ﾟ",
    "「": "｢",
    "」": "｣",
    "・": ".",
    **dict.fromkeys("ー－‐‑‒–—―−ｰ", "-"),
}
_SIGNS = "()-./,\\¥ "
_MAP = {
    **dict(zip(_FULL, _HALF, strict=True)),
    **_ALIKE,
    **{sign: sign for sign in _SIGNS},
    **{letter: letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"},
}
ALLOWED = frozenset(_MAP.values())
# A dakuten that stands alone belongs to the kana before it; compatibility forms would put a space between them.
_MARKS_ALONE = {ord("゛"): "\u3099", ord("゜"): "\u309a"}
_HIRAGANA_TO_KATAKANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}


class NameNotTransferable(ValueError):
    """The name cannot be written in the bank's characters. `came` is the character at fault, or the length."""

    def __init__(self, *, expected: str, came: str) -> None:
        super().__init__(f"expected {expected}, came {came}")
        self.expected = expected
        self.came = came


@dataclass(frozen=True, slots=True)
class NameCheck:
    """A name before and after: as it came, in the bank's characters, and what of that can be printed."""

    given: str = field(repr=False)
    converted: str = field(repr=False)

    def as_json(self) -> dict[str, Any]:
        """Return the wire form."""
        printed = self.converted[:NAME_LENGTH_MAX]
        return {
            "given": self.given,
            "converted": self.converted,
            "printed": printed,
            "changed": printed != self.given,
            "cut": printed != self.converted,
            "length_max": NAME_LENGTH_MAX,
        }


def check_name(name: str) -> NameCheck:
    """Return how a name would be printed, cut where it is too long. Raises NameNotTransferable for its characters."""
    return NameCheck(name, _converted(name))


def transfer_name(name: str) -> str:
    """Return `name` in the bank's half-width characters: "ヤマダ　タロウ" -> "ﾔﾏﾀﾞ ﾀﾛｳ".

    Katakana and hiragana of any width, Latin letters, digits and the few allowed signs are converted; outer
    spaces are trimmed. Idempotent. Raises NameNotTransferable for any other character, an empty name, or
    more than 48 characters after conversion.
    """
    result = _converted(name)
    if len(result) > NAME_LENGTH_MAX:
        raise NameNotTransferable(expected=f"at most {NAME_LENGTH_MAX} half-width characters", came=f"{len(result)}")
    return result


def _converted(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name.translate(_MARKS_ALONE)).translate(_HIRAGANA_TO_KATAKANA)
    apart = unicodedata.normalize("NFD", folded.upper())
    out = []
    for character in apart:
        half = _MAP.get(character)
        if half is None:
            raise NameNotTransferable(expected="カタカナ・英数字・ ( ) - . / ,", came=_shown(character))
        out.append(half)
    result = "".join(out).strip(" ")
    if not result:
        raise NameNotTransferable(expected=f"1–{NAME_LENGTH_MAX} characters", came="an empty name")
    return result


def _shown(character: str) -> str:
    if character.isprintable() and not unicodedata.combining(character):
        return f"「{character}」"
    return f"U+{ord(character):04X}"
