"""Sessions of the site's visitors: a cookie for each world, signed with that world's key and the injected time."""

import hashlib
from collections.abc import Callable
from typing import Any, Final

from flask import Flask, Request, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, session_json_serializer
from itsdangerous import TimestampSigner, URLSafeTimedSerializer

from mock_gmo.prefix import belongs_to
from mock_gmo.world import World

SITE_PATH: Final = "/site"


class SiteSessions(SecureCookieSessionInterface):
    """Sessions for the site's pages only: reading a cookie for every call at the bank costs a tenth of it."""

    def __init__(self, present_world: Callable[[], World], *, real_time: Callable[[], float]) -> None:
        self._present_world = present_world
        self._signer = _signer_on(real_time)

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the visitor's session for a page, and nothing for any other call."""
        is_page = belongs_to(request.environ.get("PATH_INFO", ""), SITE_PATH)
        return super().open_session(app, request) if is_page else None

    def get_cookie_path(self, app: Flask) -> str:  # noqa: ARG002  (Flask's signature)
        """Return the site's path in this world: a browser shows the cookie nowhere else."""
        return request.script_root + SITE_PATH

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer:  # noqa: ARG002  (Flask's signature)
        """Return what signs and reads the cookies of this world; those of another one are not believed."""
        return URLSafeTimedSerializer(
            self._present_world().site_key.reveal(),
            salt=self.salt,
            serializer=session_json_serializer,
            signer=self._signer,
            signer_kwargs={"key_derivation": self.key_derivation, "digest_method": hashlib.sha256},
        )


def _signer_on(real_time: Callable[[], float]) -> Any:
    class Signer(TimestampSigner):
        def get_timestamp(self) -> int:
            return int(real_time())

    return Signer
