"""One Chromium for the run; for each story a world of its own on loopback and a browser without memory."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from tests.browser.launching import launch
from tests.browser.person import Person
from tests.browser.serving import world_online
from tests.browser.watching import Watch
from tests.invariants import assert_all_is_well
from tests.world import Addresses, World

TIMEOUT_MS = 15_000
DESKTOP: ViewportSize = {"width": 1280, "height": 900}


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A running Chromium; it and its driver end with the run."""
    expect.set_options(timeout=TIMEOUT_MS)
    with sync_playwright() as driver:
        browser = launch(driver)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """An empty browser window. At the end no page may have asked beyond this machine or complained."""
    context = chromium.new_context(locale="ja-JP", timezone_id="Asia/Tokyo", viewport=DESKTOP)
    context.set_default_timeout(TIMEOUT_MS)
    watch = Watch(context)
    yield context.new_page()
    context.close()
    assert watch.complaints == []


@pytest.fixture
def online(migrated_sqlite_url: str) -> Iterator[tuple[World, Addresses]]:
    """A world behind real sockets. Whatever the story did, the invariants hold when it ends."""
    with world_online(migrated_sqlite_url) as (built, addresses):
        yield built, addresses
        assert_all_is_well(built)


@pytest.fixture
def world(online: tuple[World, Addresses]) -> World:
    """The world of the story."""
    return online[0]


@pytest.fixture
def person(page: Page, online: tuple[World, Addresses]) -> Person:
    """Somebody of the company at the browser."""
    return Person(page, online[1])
