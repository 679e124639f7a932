"""The tests beside this one look at what a page does; here it is shown that they would see it."""

import pytest
from playwright.sync_api import Browser

from tests.browser.launching import require_chromium
from tests.browser.watching import Watch

pytestmark = pytest.mark.browser

OUTSIDE = "http://192.0.2.1/picture.png"
BAD_PAGE = f"data:text/html,<img src='{OUTSIDE}'><script>console.error('oh'); undefined.member</script>"


@pytest.mark.parametrize("complaint", [f"left this machine: GET {OUTSIDE}", f"failed: GET {OUTSIDE}", "oh", "script:"])
def test_a_page_that_misbehaves_is_complained_of(chromium: Browser, complaint: str) -> None:
    context = chromium.new_context()
    context.route(OUTSIDE, lambda route: route.abort())
    watch = Watch(context)

    context.new_page().goto(BAD_PAGE)
    context.close()

    assert any(complaint in found for found in watch.complaints), watch.complaints


def test_without_a_browser_one_line_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", "/no/such/browser")

    with pytest.raises(pytest.fail.Exception, match="run `make browser`, or set CHROMIUM"):
        require_chromium()
