"""Any number of banks in one process: made, found, forked, dropped. They share settings and nothing that can change.

The first is the one under the plain paths; each of the others answers behind /w/{its name}. No HTTP here.
"""

import re
from dataclasses import replace
from threading import Lock
from typing import Final

from mock_gmo.state import LETTERS_AND_DIGITS
from mock_gmo.world import World

PREFIX: Final = "/w/"
WORLDS_MAX: Final = 1_000
NAME_LENGTH: Final = 12
SEED_BITS: Final = 63
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")

assert _NAME.fullmatch(LETTERS_AND_DIGITS), "names that are made up can be used"


class WorldNameUnusable(ValueError):
    """A name that cannot stand in a path."""


class WorldNameTaken(ValueError):
    """A world of this name exists."""


class TooManyWorlds(Exception):
    """As many worlds exist as one process keeps."""


class Worlds:
    """The worlds of one process, besides the first, by name. Whoever holds a dropped world may finish with it."""

    def __init__(self, first: World, *, worlds_max: int = WORLDS_MAX) -> None:
        self.first = first
        self._worlds_max = worlds_max
        self._by_name: dict[str, World] = {}
        self._lock = Lock()

    def create(self, name: str | None = None, *, scenario: str | None = None, seed: int | None = None) -> World:
        """Make a world in the first state of a scenario, by default that of the settings; return it.

        Without a name one is made up. Without a seed its tokens are as unguessable as those of the first world; if
        that one has a seed, this one gets its own from there, so that the whole process repeats itself.
        Raises ScenarioError, WorldNameUnusable, WorldNameTaken, TooManyWorlds; then nothing was made.
        """
        settings = self.first.settings
        # What is refused draws no lot: a seed gives the same worlds, whatever was asked for in vain.
        self._require_room(name)
        self.first.ground.scenario(scenario or settings.scenario)
        name = self._free_name(name)
        if seed is None and settings.seed is not None:
            seed = self.first.chance.source.getrandbits(SEED_BITS)
        settings = replace(settings, scenario=scenario or settings.scenario, seed=seed)
        return self._add(World(settings, self.first.ports, ground=self.first.ground, name=name))

    def fork(self, source: World, name: str | None = None) -> World:
        """Make a world in the present state of another, down to the tokens to come. Raises as `create` does.

        From then on neither knows of the other.
        """
        self._require_room(name)
        fork = World(source.settings, source.ports, ground=source.ground, name=self._free_name(name))
        fork.restore(source.snapshot())
        return self._add(fork)

    def find(self, name: str) -> World | None:
        """Return the world of this name."""
        return self._by_name.get(name)

    def names(self) -> list[str]:
        """Return the names of all worlds besides the first, oldest first."""
        return list(self._by_name)

    def drop(self, name: str) -> bool:
        """Forget a world. False when there is none of this name."""
        with self._lock:
            return self._by_name.pop(name, None) is not None

    def drop_all(self) -> None:
        """Forget every world besides the first."""
        with self._lock:
            self._by_name.clear()

    def _free_name(self, name: str | None) -> str:
        return name if name is not None else self.first.random_text(NAME_LENGTH)

    def _require_room(self, name: str | None) -> None:
        if name is not None and _NAME.fullmatch(name) is None:
            raise WorldNameUnusable(f"expected 1 to 64 letters, digits, hyphens or underscores, came {name!r}")
        if name in self._by_name:
            raise WorldNameTaken(f"a world {name} exists; delete it first or choose another name")
        if len(self._by_name) >= self._worlds_max:
            raise TooManyWorlds(f"at most {self._worlds_max} worlds at a time; delete some first")

    def _add(self, world: World) -> World:
        with self._lock:
            # Somebody else may have taken name or place while this one was made.
            self._require_room(world.name)
            self._by_name[world.name] = world
        return world
