"""Business-ID management (ビジネスID管理): who in a company may apply, who decides on applications. Values only.

Without it nobody is asked for a role. Log-ins and passwords live with the bank's site.
Source: lifecycle, "Application and approval records"; Corporation API, 振込取消依頼.
"""

from dataclasses import dataclass
from enum import StrEnum

COMMENT_LENGTH_MAX = 20
USER_NAME_LENGTH_MAX = 45


class Role(StrEnum):
    """What a person may do; an order of one who only approves needs no approver (自動承認)."""

    APPLIES = "applies"
    APPROVES = "approves"
    BOTH = "both"


class NotAnApprover(Exception):
    """The person may not decide on this application. Not a BankRefusal: no caller of the API can meet it."""


@dataclass(frozen=True, slots=True)
class User:
    """A person who acts for a customer, by the name that inquiries tell (申請者, 決裁者). Raises ValueError."""

    customer_id: str
    name: str
    role: Role = Role.BOTH

    def __post_init__(self) -> None:
        if not 1 <= len(self.name) <= USER_NAME_LENGTH_MAX:
            raise ValueError(f"a person's name has 1 to {USER_NAME_LENGTH_MAX} characters, not {self.name!r}")

    @property
    def may_apply(self) -> bool:
        """Whether what this person orders is an application, and may be withdrawn by this person."""
        return self.role is not Role.APPROVES

    @property
    def may_decide(self) -> bool:
        """Whether this person approves applications, sends them back and revokes approvals; own ones too [GUESS]."""
        return self.role is not Role.APPLIES


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who decides on an application, and a word about it; either may be unknown. Raises ValueError for a long one."""

    user: User | None = None
    comment: str | None = None

    def __post_init__(self) -> None:
        if self.comment is not None and not 1 <= len(self.comment) <= COMMENT_LENGTH_MAX:
            raise ValueError(f"a comment has 1 to {COMMENT_LENGTH_MAX} characters")

    def require_right(self, customer_id: str) -> None:
        """Raise NotAnApprover when the person may not decide on that customer's applications."""
        if self.user is not None and (self.user.customer_id != customer_id or not self.user.may_decide):
            raise NotAnApprover(f"{self.user.name} does not decide on this application")
