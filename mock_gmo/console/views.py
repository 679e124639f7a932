"""The bank's values as the control surface writes them: our own words, whole yen, instants in UTC. No action."""

import json
from datetime import datetime
from typing import Any

from mock_gmo.bank.beneficiaries import Beneficiary
from mock_gmo.bank.customers import Account, Customer
from mock_gmo.bank.fixed_point import AMOUNT_PLACES, write_decimal
from mock_gmo.bank.payments import Payment
from mock_gmo.bank.postings import BooksCheck
from mock_gmo.bank.sp_accounts import SpBalance
from mock_gmo.bank.transfers import Event, PendingConfirmation
from mock_gmo.faults import FaultRule
from mock_gmo.gateway.body import Unreadable, read_object
from mock_gmo.journal import Entry, Explanation
from mock_gmo.oauth.clients import Client
from mock_gmo.outcomes import outcome
from mock_gmo.scenarios.scenario import Login
from mock_gmo.world import World

Json = dict[str, Any]


def write_event(event: Event) -> Json:
    """Return one thing that happened at the bank."""
    return {
        "at": event.at.isoformat(),
        "kind": str(event.kind),
        "apply_no": event.apply_no,
        "item_id": event.item_id,
        "detail": event.detail,
    }


def write_client(client: Client) -> Json:
    """Return a registration with its secrets, which are made up."""
    basic = client.notification_basic
    return {
        "client_id": client.client_id,
        "client_secret": client.client_secret.reveal(),
        "name": client.name,
        "company_id": client.company_id,
        "redirect_uris": list(client.redirect_uris),
        "networks": [str(network) for network in client.networks],
        "scopes": sorted(client.scopes),
        "authentication": client.authentication,
        "requests_per_second": client.requests_per_second,
        "notification_url": client.notification_url,
        "notification_signature": client.notification_signature,
        "notification_basic": {"user": basic.user, "password": basic.password.reveal()} if basic is not None else None,
    }


def write_customer(world: World, customer: Customer, *, at: datetime) -> Json:
    """Return a customer with log-ins, accounts, balances and what waits for confirmation."""
    bank = world.bank
    logins = [login for login in world.logins.values() if login.customer_id == customer.customer_id]
    pending = bank.outside.pending_confirmations(customer.customer_id, at=at)
    return {
        "customer_id": customer.customer_id,
        "name": customer.name,
        "kind": customer.kind,
        "confirmation_required": customer.confirmation_required,
        "business_id_management": customer.business_id_management,
        "virtual_accounts_enabled": customer.virtual_accounts_enabled,
        "portal_token": _write_portal_token(world, customer),
        "logins": [_write_login(login) for login in logins],
        "accounts": [_write_account(world, account, at=at) for account in bank.accounts_of(customer.customer_id)],
        "sp_accounts": [_write_purse(balance) for balance in bank.sp_accounts.balances(customer.customer_id, at=at)],
        "pending_confirmations": [_write_pending(request) for request in pending],
    }


def write_fault(rule: FaultRule) -> Json:
    """Return a fault in force."""
    return {
        "fault_id": rule.fault_id,
        "operation": rule.operation,
        "client_id": rule.client_id,
        "point": rule.point,
        "effect": rule.effect,
        "status": rule.status,
        "delay_ms": rule.delay_ms,
        "times": rule.times,
    }


def write_entry(entry: Entry) -> Json:
    """Return one call of the journal."""
    return {
        "at": entry.at.isoformat(),
        "client_id": entry.client_id,
        "method": entry.method,
        "path": entry.path,
        "query": entry.query,
        "headers": dict(entry.headers),
        "request_body": _read_back(entry.request_body),
        "status": entry.status,
        "reply_body": _read_back(entry.reply_body),
        "refusal_id": entry.refusal_id,
        "check": entry.check,
        "apply_no": entry.apply_no,
        "fault": entry.fault,
        "duration_ms": entry.duration_ms,
        "explanation": _write_explanation(entry.explanation) if entry.explanation is not None else None,
    }


def _write_explanation(explanation: Explanation) -> Json:
    return {
        "field": explanation.field,
        "shape": explanation.shape,
        "rule": {"ja": explanation.rule_ja, "en": explanation.rule_en},
        "page": explanation.page,
        "example": explanation.example,
    }


def write_beneficiary(world: World, beneficiary: Beneficiary) -> Json:
    """Return an entry of the beneficiary directory; names of bank and branch are null where there is no such place."""
    bank = world.ground.directory.find_bank(beneficiary.bank_code)
    branch = world.ground.directory.find_branch(beneficiary.bank_code, beneficiary.branch_code)
    japanese, english = outcome(beneficiary, world.bank.rules)
    return {
        "bank_code": beneficiary.bank_code,
        "bank_name": bank.name if bank is not None else None,
        "branch_code": beneficiary.branch_code,
        "branch_name": branch.name if branch is not None else None,
        "account_type": beneficiary.account_type,
        "account_number": beneficiary.account_number,
        "name": beneficiary.name_kana,
        "conduct": beneficiary.conduct.value,
        "after_seconds": beneficiary.after_seconds,
        "outcome_ja": japanese,
        "outcome_en": english,
    }


def write_payment(payment: Payment) -> Json:
    """Return one debit that really happened."""
    return {
        "apply_no": payment.apply_no,
        "item_id": payment.item_id,
        "account_id": payment.account_id,
        "amount_yen": payment.amount_yen,
        "fee_yen": payment.fee_yen,
        "beneficiary": {
            "bank_code": payment.bank_code,
            "branch_code": payment.branch_code,
            "account_type": payment.account_type,
            "account_number": payment.account_number,
            "name": payment.beneficiary_name,
        },
        "edi_info": payment.edi_info,
        "debited_at": payment.debited_at.isoformat(),
        "state": payment.status.code,
        "state_name": payment.status.label,
        "came_back_yen": payment.came_back_yen,
        "came_back_at": payment.came_back_at.isoformat() if payment.came_back_at is not None else None,
    }


def write_books(books: BooksCheck) -> Json:
    """Return the books added up again."""
    return {"sum_yen": books.sum_yen, "balances": dict(books.balances), "differing": list(books.differing)}


def _write_portal_token(world: World, customer: Customer) -> str | None:
    if not world.settings.imitated.has_portal_tokens:
        return None
    token = world.oauth.portal_token(customer.customer_id)
    return token.token.reveal() if token is not None else None


def _write_login(login: Login) -> Json:
    return {
        "login_id": login.login_id,
        "name": login.user.name,
        "role": login.role.value,
        "password": login.password.reveal(),
        "transaction_password": login.transaction_password.reveal(),
    }


def _write_account(world: World, account: Account, *, at: datetime) -> Json:
    balance = world.bank.balance_of(account.account_id, at=at)
    return {
        "account_id": account.account_id,
        "branch_code": account.branch_code,
        "branch_name": account.branch_name,
        "account_type_code": account.type_code,
        "account_number": account.number,
        "name": account.name,
        "name_kana": account.name_kana,
        "primary": account.primary,
        "transfer_limit_yen": account.transfer_limit_yen,
        "balance_yen": balance.balance_yen,
        "withdrawable_yen": balance.withdrawable_yen,
    }


def _write_purse(balance: SpBalance) -> Json:
    account, place = balance.account, balance.account.place
    return {
        "account_id": account.account_id,
        "main_account_id": account.main_account_id,
        "kind": "parent" if account.is_parent else "child",
        "name": account.name,
        "branch_code": place.branch_code if place is not None else None,
        "account_number": place.number if place is not None else None,
        "balance_yen": balance.yen,
        "time_deposits_yen": balance.time_deposits_yen,
        "foreign": [
            {
                "currency": holding.currency,
                "amount": write_decimal(holding.amount_thousandths, places=AMOUNT_PLACES),
                "worth_yen": holding.yen_equivalent,
            }
            for holding in balance.foreign
        ],
    }


def _write_pending(request: PendingConfirmation) -> Json:
    return {
        "apply_no": request.apply_no,
        "kind": request.kind.value,
        "amount_yen": request.amount_yen,
        "requested_at": request.requested_at.isoformat(),
        "expires_at": request.expires_at.isoformat(),
    }


def _read_back(body: bytes) -> Any:
    if not body:
        return None
    try:
        content = read_object(body)
        # 1e400 reads as a number without end, which JSON cannot write.
        json.dumps(content, allow_nan=False)
    except (Unreadable, ValueError):
        return body.decode("utf-8", "replace")
    return content
