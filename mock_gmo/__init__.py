"""A mock of GMO Aozora Net Bank's Open API with real rules and state. Public face: `create_app` and `Settings`.

The parts are imported when somebody first asks for them: a pytest plugin lives here, which every test run loads.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mock_gmo.app import create_app, world_of
    from mock_gmo.settings import Settings, SettingsError

_HOMES = {
    "create_app": "mock_gmo.app",
    "world_of": "mock_gmo.app",
    "Settings": "mock_gmo.settings",
    "SettingsError": "mock_gmo.settings",
}

__all__ = ["Settings", "SettingsError", "create_app", "world_of"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
