"""The points at which a test can stop, kill or switch a worker. Production passes by."""

from typing import Protocol


class Checkpoints(Protocol):
    """Told of every effect. Points: commit.before, commit.after, bank.before, bank.after, sleep."""

    def reached(self, point: str) -> None:
        """Return to let the worker go on; raise to kill it here."""


class NoCheckpoints:
    """Production: every point is passed."""

    def reached(self, point: str) -> None:
        """Do nothing."""
