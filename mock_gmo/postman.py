"""The thread that delivers notifications while a bank is served. It looks at every world, again and again."""

import logging
from threading import Event, Thread
from typing import Final

from mock_gmo.worlds import Worlds

log = logging.getLogger("mock_gmo.postman")

PAUSE_SECONDS: Final = 0.25
STOP_SECONDS: Final = 1.0


class Postman:
    """Delivers on the bank's clock, one notification after the other; a frozen clock makes nothing due."""

    def __init__(self, worlds: Worlds, *, pause_seconds: float = PAUSE_SECONDS) -> None:
        self._worlds = worlds
        self._pause_seconds = pause_seconds
        self._stopped = Event()
        # A receiver that does not answer must not keep the process alive.
        self._thread = Thread(target=self._run, name="postman", daemon=True)

    @property
    def is_running(self) -> bool:
        """Whether the thread is at work."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin. Call it in the process that serves: a thread does not survive a fork."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is being sent now gets a second more."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        while not self._stopped.wait(self._pause_seconds):
            found = (self._worlds.find(name) for name in self._worlds.names())
            for world in (self._worlds.first, *found):
                if world is None or self._stopped.is_set():
                    continue
                try:
                    world.deliver_notifications(late=True)
                except Exception:
                    # A mistake of ours in one world must not end the delivery of all.
                    log.exception("notifications.failed world=%s", world.name or "first")
