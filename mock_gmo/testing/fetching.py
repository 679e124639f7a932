"""Fetches what the verdict command compares: payouts of a running integrator, page by page."""

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

import httpx

from mock_gmo.secret import Secret

PAGES_MAX: Final = 10_000
PAGE_SIZE: Final = 100
TIMEOUT_SECONDS: Final = 30.0


class IntegratorUnreachable(Exception):
    """The integrator does not answer, or not with payouts; the message says why."""


def fetch_payouts(base_url: str, company_id: str, key: Secret, *, page_size: int = PAGE_SIZE) -> list[dict[str, Any]]:
    """Return every payout of a company, oldest first. Raises IntegratorUnreachable."""
    try:
        with httpx.Client(base_url=base_url, trust_env=False, timeout=TIMEOUT_SECONDS) as http:
            return list(_pages(http, company_id, key, page_size))
    except (httpx.HTTPError, httpx.InvalidURL) as broken:
        raise IntegratorUnreachable(f"{base_url}: {str(broken) or type(broken).__name__}") from broken


def _pages(http: httpx.Client, company_id: str, key: Secret, page_size: int) -> Iterator[dict[str, Any]]:
    query: dict[str, str] = {"limit": str(page_size)}
    for _ in range(PAGES_MAX):
        page = _page(http, company_id, key, query)
        yield from page["payouts"]
        if "next_cursor" not in page:
            return
        query["cursor"] = page["next_cursor"]
    raise IntegratorUnreachable(f"{http.base_url}: more than {PAGES_MAX} pages of payouts")


def _page(http: httpx.Client, company_id: str, key: Secret, query: dict[str, str]) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {key.reveal()}"}
    answer = http.get(f"/v1/companies/{quote(company_id, safe='')}/payouts", params=query, headers=headers)
    try:
        told = answer.json()
    except ValueError:
        told = None
    if not answer.is_success or not isinstance(told, dict) or "payouts" not in told:
        reason = told.get("detail_en") or told.get("title") if isinstance(told, dict) else None
        raise IntegratorUnreachable(f"{http.base_url}: {answer.status_code} {reason or 'is no page of payouts'}")
    return told
