"""Which world a call goes to: the prefix /w/{world} moves from the path to the root, as if the bank were mounted there.

Whoever builds a URL or sets a cookie from the request is then right without knowing of worlds.
"""

from typing import Final
from wsgiref.types import WSGIEnvironment

from mock_gmo.world import World
from mock_gmo.worlds import PREFIX, Worlds

WORLD: Final = "mock_gmo.world"


def enter_world(environ: WSGIEnvironment, worlds: Worlds) -> World | None:
    """Note in the environment which world the call goes to, and return it, held as it stands for as long as that lasts.

    None when there is none of that name.
    """
    path = environ.get("PATH_INFO", "")
    world: World | None = worlds.first
    if path.startswith(PREFIX):
        name, slash, rest = path.removeprefix(PREFIX).partition("/")
        world = worlds.find(name)
        environ["SCRIPT_NAME"] = f"{environ.get('SCRIPT_NAME', '')}{PREFIX}{name}"
        environ["PATH_INFO"] = slash + rest
    held = environ[WORLD] = world.held() if world is not None else None
    return held


def world_of_request(environ: WSGIEnvironment) -> World:
    """Return the world that `enter_world` found; a call to none is answered before anybody asks."""
    world = environ[WORLD]
    assert isinstance(world, World), "only enter_world writes here"
    return world


def belongs_to(path: str, prefix: str) -> bool:
    """Tell whether a path is this one or lies below it."""
    return path == prefix or path.startswith(prefix + "/")
