"""A mock of GMO Aozora Net Bank's Open API with real rules and state. Public face: `create_app` and `Settings`."""

from mock_gmo.app import create_app, world_of
from mock_gmo.settings import Settings, SettingsError

__all__ = ["Settings", "SettingsError", "create_app", "world_of"]
