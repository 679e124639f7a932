"""How much of an account's daily transfer limit is used. The figures follow the states; who asks decides."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from mock_gmo.bank.states import PAID, PLANNED, TransferStatus


@dataclass(slots=True)
class LimitUse:
    """Yen planned and paid to other holders, by account and designated day."""

    planned: Counter[tuple[str, date]] = field(default_factory=Counter)
    paid: Counter[tuple[str, date]] = field(default_factory=Counter)

    def paid_yen(self, account_id: str, day: date) -> int:
        """Return what was debited for that day and did not fail."""
        return self.paid[account_id, day]

    def taken_yen(self, account_id: str, day: date) -> int:
        """Return what was debited or is still to be debited on that day."""
        return self.planned[account_id, day] + self.paid[account_id, day]

    def follow(
        self,
        place: tuple[str, date],
        *,
        counted_yen: int,
        before: TransferStatus,
        after: TransferStatus,
    ) -> None:
        """Take the move of a line into account; `place` is its account and designated day."""
        if not counted_yen:
            return
        for states, used in ((PLANNED, self.planned), (PAID, self.paid)):
            change = (after in states) - (before in states)
            if change:
                used[place] += change * counted_yen
