"""What was wrong with a member or parameter of a control call, in words: what came, and what would do. No check."""

import json
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, Final

from mock_gmo.contract import MASKED, Field
from mock_gmo.journal import SECRET_NAMES

CAME_LENGTH_MAX: Final = 80


def tell_member(error: Any) -> str:
    """Return the words for a member that a schema refuses; the value of a secret, and whatever holds one, stays out."""
    names = {str(step).lower() for step in error.instance_path}
    is_plain = not isinstance(error.instance, dict | list)
    came = _came(error.instance) if is_plain and not names & SECRET_NAMES else "the value"
    return str(error.message).replace(MASKED, came)


def tell_parameter(field: Field, values: Iterable[str]) -> str:
    """Return the words for a parameter that cannot be read."""
    came = ", ".join(map(_came, values))
    return f"{field.name}: expected {field.expected}, came {came}"


def tell_unknown_parameter(name: str, known: Iterable[str]) -> str:
    """Return the words for a parameter that the operation does not have."""
    names = sorted(known)
    meant = get_close_matches(name, names, n=1)
    possible = f"did you mean {meant[0]}?" if meant else f"possible: {', '.join(names) or 'none'}"
    return f"no parameter is called {_came(name)}; {possible}"


def _came(value: Any) -> str:
    written = json.dumps(value, ensure_ascii=False)
    return written if len(written) <= CAME_LENGTH_MAX else f"{written[:CAME_LENGTH_MAX]}…"
