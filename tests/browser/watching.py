"""A browser that notes whatever a page must not do: ask beyond this machine, or complain on its console."""

from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, WebError

LOOPBACK = "127.0.0.1"
# A page with a status of 400 or above is noted by the browser itself, although it is what was meant to be shown.
STATUS_OF_A_PAGE = "Failed to load resource: the server responded with a status of"

# Who presses a button before the style sheet has come makes the browser give up on it.
GIVEN_UP = "net::ERR_ABORTED"


class Watch:
    """Collects complaints about one browser context from now on."""

    def __init__(self, context: BrowserContext) -> None:
        self.complaints: list[str] = []
        self._pages: set[str] = set()
        context.on("request", self._see_request)
        context.on("requestfailed", self._see_failure)
        context.on("console", self._see_message)
        context.on("weberror", self._see_error)

    def _see_request(self, request: Request) -> None:
        if urlsplit(request.url).hostname != LOOPBACK:
            self.complaints.append(f"left this machine: {request.method} {request.url}")
        if request.is_navigation_request():
            self._pages.add(request.url)

    def _see_failure(self, request: Request) -> None:
        if request.failure != GIVEN_UP:
            self.complaints.append(f"failed: {request.method} {request.url}: {request.failure}")

    def _see_message(self, message: ConsoleMessage) -> None:
        where: Any = message.location
        if message.text.startswith(STATUS_OF_A_PAGE) and where["url"] in self._pages:
            return
        if message.type in ("error", "warning"):
            self.complaints.append(f"console: {message.text} at {where['url']}")

    def _see_error(self, error: WebError) -> None:
        self.complaints.append(f"script: {error.error}")
