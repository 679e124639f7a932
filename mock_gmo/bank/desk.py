"""What every desk of a bank works with: its memory, its lock, its time. No rule lives here."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

from mock_gmo.bank.state import BankState


class Desk:
    """One counter of a bank. It works on the bank's state, under the bank's lock, after what fell due."""

    def __init__(
        self, state: BankState, lock: AbstractContextManager[object], let_fall_due: Callable[[datetime], None]
    ) -> None:
        self._state = state
        self._lock = lock
        self._let_fall_due = let_fall_due
