"""Plain functions that build what tests need, with honest defaults. Nothing here asserts or opens anything."""

import random
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import insert

from integrator.domain.payout import PayoutRequest
from integrator.payout_checks import Payer
from integrator.payouts import NewText
from integrator.store.database import Database
from integrator.store.schema import companies, connections

NOON = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)  # Wednesday, 12:00 in Japan
COMPANY_ID = "shop-0001"
ACCOUNT_ID = "101010012345"


def make_new_text(seed: int = 1) -> NewText:
    """Return a source of random text that gives the same texts for the same seed."""
    source = random.Random(seed)  # noqa: S311  (test data, not secrets)
    return lambda length, alphabet: "".join(source.choice(alphabet) for _ in range(length))


def make_payout_request(**changed: Any) -> PayoutRequest:
    """Return a payout of 50,000 yen to a made-up person at another bank."""
    members: dict[str, Any] = {
        "amount_yen": 50_000,
        "bank_code": "0001",
        "branch_code": "001",
        "account_type": "1",
        "account_number": "1234567",
        "name": "ヤマダ　タロウ",
        "case_type": "店頭買取",
        "case_reference": "C-2026-000123",
        "designated_date": None,
        "replaces": None,
    }
    return PayoutRequest(**{**members, **changed})


def make_payer(**changed: Any) -> Payer:
    """Return the paying company of these tests."""
    return Payer(**{"company_id": COMPANY_ID, "account_id": ACCOUNT_ID, "payout_limit_yen": 1_000_000, **changed})


def store_company(
    db: Database, *, company_id: str = COMPANY_ID, is_connected: bool = True, at: datetime = NOON
) -> None:
    """Store a company and, unless told otherwise, its standing consent (with a seal that opens nothing)."""
    with db.begin() as tx:
        tx.execute(
            insert(companies).values(
                company_id=company_id,
                name="見本商事株式会社",
                environment="local",
                client_id=f"client-{company_id}",
                account_id=ACCOUNT_ID,
                redirect_uri=f"http://127.0.0.1:8320/refresh_token/{company_id}",
                payout_limit_yen=1_000_000,
                requests_per_second=1,
                has_kept_secret=True,
                created_at=at,
            )
        )
        if is_connected:
            tx.execute(
                insert(connections).values(
                    company_id=company_id,
                    state="connected",
                    grant_id="grant-1",
                    version=1,
                    scopes="private:account private:transfer offline_access",
                    sealed_access_token=b"sealed",
                    access_expires_at=at.replace(year=at.year + 1),
                    granted_at=at,
                )
            )


def day(text: str) -> date:
    """Return a civil date from YYYY-MM-DD."""
    return date.fromisoformat(text)
