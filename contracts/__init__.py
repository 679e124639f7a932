"""The OpenAPI documents and the refusal table, as package data. Both programs and the tests read them from here."""

from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from contracts.bundling import bundle

DOCUMENTS = ("auth", "corporation", "personal", "webhooks", "sandbox", "integrator")


@cache
def load(name: str) -> dict[str, Any]:
    """Return the parsed document `contracts/{name}.yaml`, whole; callers must not change it.

    Where it only says how it differs from another document, the other's part is in it. Raises FileNotFoundError when
    there is no such document.
    """
    text = files(__name__).joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    document = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  (a safe loader)
    assert isinstance(document, dict), f"contracts/{name}.yaml holds no mapping"
    return bundle(document, load)
