"""Why something did not go as asked, in the two languages of its readers. RFC 9457 on the wire, no HTTP here."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """`code` is stable and short; title and detail are Japanese, `detail_en` says the same in English.

    `field`, `expected` and `came` belong to a refusal of input. No text carries an account number or a secret.
    """

    code: str
    title: str
    detail: str
    detail_en: str
    field: str | None = None
    expected: str | None = None
    came: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the members of a problem document; absent ones are left out."""
        members = {
            "type": f"urn:gmo-bank-integrator:problem:{self.code}",
            "title": self.title,
            "detail": self.detail,
            "detail_en": self.detail_en,
            "field": self.field,
            "expected": self.expected,
            "came": self.came,
        }
        return {name: value for name, value in members.items() if value is not None}
