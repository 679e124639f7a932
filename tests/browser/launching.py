"""How the browser of these tests is found and started. The stories never mention any of it."""

import os

import pytest
from playwright.sync_api import Browser, Playwright

from tools.browser import find_chromium

LAUNCH_MS_MAX = 60_000
# Nothing that would make the browser ask for anything by itself; shared memory is small in containers.
ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


def require_chromium() -> str:
    """Return the path of the browser to drive. Without one the test fails with the line that mends it."""
    path = find_chromium()
    if path is None:
        pytest.fail("no Chromium for the browser tests: run `make browser`, or set CHROMIUM to the path of one")
    return path


def launch(driver: Playwright) -> Browser:
    """Return a running Chromium without a window. As root it runs without its own sandbox, because it must."""
    return driver.chromium.launch(
        executable_path=require_chromium(),
        chromium_sandbox=os.geteuid() != 0,
        args=list(ARGUMENTS),
        timeout=LAUNCH_MS_MAX,
    )
