"""A text that must not be printed: passwords, client secrets, tokens. No encryption here, only silence."""

import hmac
from typing import NoReturn


class Secret:
    """Holds a text and hides it from `repr`, `str`, `format` and tracebacks; `reveal()` gives it out."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself, for the one place that has to send or compare it."""
        return self._text

    def matches(self, candidate: str) -> bool:
        """Tell whether `candidate` is the same text, in a time that does not tell how much of it agrees."""
        return hmac.compare_digest(_octets(self._text), _octets(candidate))

    def __eq__(self, other: object) -> bool:
        return self.matches(other.reveal()) if isinstance(other, Secret) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "[masked]"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __reduce__(self) -> NoReturn:
        # A pickle or a deep copy would carry the text to where nobody masks it.
        raise TypeError("a Secret is not copied or pickled; reveal() it where it is needed")

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> "Secret":
        return self


def _octets(text: str) -> bytes:
    # A lone surrogate, as a broken request may carry it, has no UTF-8 form and must still compare.
    return text.encode("utf-8", "surrogatepass")
