"""Reading scenario files: those in this package by name, a user's own by path, into `Scenario` values."""

from collections import Counter
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from mock_gmo.bank.business_id import Role
from mock_gmo.bank.calendar import FIRST_YEAR, LAST_YEAR
from mock_gmo.bank.customers import CORPORATION, INDIVIDUAL, SOLE_PROPRIETOR
from mock_gmo.bank.days import civil_date
from mock_gmo.bank.other_accounts import TIME_DEPOSIT
from mock_gmo.bank.sp_accounts import SP_HOLDER_KINDS
from mock_gmo.clock import EPOCH, LATEST
from mock_gmo.marked_yaml import DocumentError, Entry, read_document
from mock_gmo.scenarios.beneficiaries import read_beneficiaries
from mock_gmo.scenarios.holdings import BALANCE_YEN_MAX, DAYS_AGO_MAX, other_account, sp_account, visa_use
from mock_gmo.scenarios.scenario import (
    CustomerKind,
    Login,
    PastDeposit,
    Scenario,
    ScenarioAccount,
    ScenarioCustomer,
    ScenarioSpAccount,
    ScenarioVisaUse,
)
from mock_gmo.secret import Secret

SUFFIX: Final = ".yaml"
TRANSFER_LIMIT_YEN_MAX: Final = 500_000_000
ACCOUNT_TYPES: Final = ("01", "02")
NAME_PART_LENGTH_MAX: Final = 30
KINDS: Final[tuple[CustomerKind, ...]] = ("corporation", "sole_proprietor", "individual")

BENEFICIARY_MEMBERS: Final = ("standard_beneficiaries", "beneficiaries")
CUSTOMER_MEMBERS: Final = (
    "customer_id", "name", "kind", "confirmation_required", "business_id_management", "logins", "accounts",
)  # fmt: skip
OPTIONAL_CUSTOMER_MEMBERS: Final = (
    "other_accounts", "virtual_accounts_enabled", "va_partner_keys", "family_name_kana", "given_name_kana",
    "sp_accounts",
)  # fmt: skip
ACCOUNT_MEMBERS: Final = (
    "branch_code", "branch_name", "type_code", "number", "primary", "name", "name_kana", "opened_on",
    "opening_balance_yen", "transfer_limit_yen",
)  # fmt: skip

_ID: Final = r"[A-Za-z0-9._-]{1,64}"
_HALF_WIDTH_NAME: Final = r"[ !-~｡-ﾟ]{1,48}"
_AUTH_KEY: Final = r"[0-9A-Za-z]{1,400}"
_PASSWORD: Final = r"[!-~]{8,64}"  # noqa: S105  (a pattern)


class ScenarioError(DocumentError):
    """A scenario cannot be used; the message names file, line, field, what was expected and what came."""


def names() -> tuple[tuple[str, str], ...]:
    """Return name and one line of every scenario that comes with the program, by name."""
    return tuple((scenario.name, scenario.title) for scenario in map(_load_packaged, _packaged_names()))


def load_scenario(name_or_path: str) -> Scenario:
    """Return the scenario of this name, or the one in the file of this path (with `/` or ending in .yaml).

    Raises ScenarioError when there is none, and when the file says something that cannot be.
    """
    if "/" in name_or_path or name_or_path.endswith(SUFFIX):
        return _load_file(Path(name_or_path))
    known = _packaged_names()
    if name_or_path not in known:
        expected = f"expected one of {', '.join(known)}, or the path of a {SUFFIX} file"
        raise ScenarioError(f"{expected}, came {name_or_path!r}", file="scenario")
    return _load_packaged(name_or_path)


def parse_scenario(text: str, *, name: str, file: str) -> Scenario:
    """Return the scenario written in `text`; `file` is what complaints call it. Raises ScenarioError."""
    root = read_document(text, file=file, error=ScenarioError)
    members = root.members(required=("title", "customers"), optional=("clock_start", *BENEFICIARY_MEMBERS))
    start = _clock_start(members["clock_start"]) if "clock_start" in members else None
    customers = tuple(_customer(entry) for entry in members["customers"].items(at_least=1, at_most=1_000))
    standard = members.get("standard_beneficiaries")
    scenario = Scenario(
        name=name,
        title=members["title"].text("one line", pattern=r"[^\n]{1,200}"),
        customers=customers,
        clock_start=start,
        beneficiaries=read_beneficiaries(
            members.get("beneficiaries"), with_standard=standard is not None and standard.flag()
        ),
    )
    _check_unique(scenario, members["customers"])
    _check_order_of_days(scenario, members["customers"])
    _check_partners(scenario, members["customers"])
    _check_purses(scenario, members["customers"])
    return scenario


def _clock_start(entry: Entry) -> datetime:
    start = entry.instant()
    if not EPOCH <= start <= LATEST:
        raise entry.fault(f"an instant in the years {FIRST_YEAR} to {LAST_YEAR}, whose holidays are known")
    return start


def _packaged_names() -> tuple[str, ...]:
    found = (item.name for item in files(__package__).iterdir())
    return tuple(sorted(name.removesuffix(SUFFIX) for name in found if name.endswith(SUFFIX)))


@cache
def _load_packaged(name: str) -> Scenario:
    file_name = name + SUFFIX
    text = files(__package__).joinpath(file_name).read_text(encoding="utf-8")
    return parse_scenario(text, name=name, file=file_name)


def _load_file(path: Path) -> Scenario:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as missing:
        raise ScenarioError(
            "expected a scenario file, came nothing: there is no such file", file=str(path)
        ) from missing
    except (OSError, UnicodeDecodeError) as unreadable:
        raise ScenarioError(f"expected a readable UTF-8 file, came: {unreadable}", file=str(path)) from unreadable
    return parse_scenario(text, name=path.stem, file=str(path))


def _customer(entry: Entry) -> ScenarioCustomer:
    members = entry.members(required=CUSTOMER_MEMBERS, optional=OPTIONAL_CUSTOMER_MEMBERS)
    others = members["other_accounts"].items(at_most=100) if "other_accounts" in members else ()
    customer_id = members["customer_id"].text("1 to 64 letters, digits, dots or hyphens", pattern=_ID)
    accounts = tuple(_account(item) for item in members["accounts"].items(at_least=1, at_most=100))
    if sum(account.primary for account in accounts) != 1:
        raise members["accounts"].fault("exactly one account with primary: true", came="none or several")
    kind = members["kind"].one_of(KINDS)
    if kind == SOLE_PROPRIETOR and not {"family_name_kana", "given_name_kana"} <= members.keys():
        raise members["kind"].fault("family_name_kana and given_name_kana beside a sole_proprietor", came="not both")
    has_approvers = members["business_id_management"].flag()
    if has_approvers and kind != CORPORATION:
        raise members["business_id_management"].fault("false, but for a corporation")
    enabled = members.get("virtual_accounts_enabled")
    keys = members["va_partner_keys"].items(at_most=100) if "va_partner_keys" in members else ()
    return ScenarioCustomer(
        customer_id=customer_id,
        name=members["name"].text("a name of 1 to 48 characters", pattern=r".{1,48}"),
        kind=next(known for known in KINDS if known == kind),
        confirmation_required=members["confirmation_required"].flag(),
        business_id_management=has_approvers,
        accounts=accounts,
        logins=tuple(_login(item, customer_id) for item in members["logins"].items(at_most=100)),
        other_accounts=tuple(other_account(item) for item in others),
        virtual_accounts_enabled=enabled.flag() if enabled is not None else True,
        va_partner_keys=tuple(_partner_key(item) for item in keys),
        sp_accounts=_sp_accounts(members["sp_accounts"]) if "sp_accounts" in members else (),
        family_name_kana=_half_width(members.get("family_name_kana"), length_max=NAME_PART_LENGTH_MAX),
        given_name_kana=_half_width(members.get("given_name_kana"), length_max=NAME_PART_LENGTH_MAX),
    )


def _sp_accounts(entry: Entry) -> tuple[ScenarioSpAccount, ...]:
    found = tuple(sp_account(item) for item in entry.items(at_most=100))
    if [account.is_parent for account in found] != [number == 0 for number in range(len(found))]:
        raise entry.fault("the parent first, and after it its children only", came="another order, or another parent")
    return found


def _partner_key(entry: Entry) -> tuple[Secret, str]:
    members = entry.members(required=("auth_key", "customer_id"))
    auth_key = members["auth_key"].secret("1 to 400 letters and digits", pattern=_AUTH_KEY)
    return auth_key, members["customer_id"].text("1 to 64 letters, digits, dots or hyphens", pattern=_ID)


def _login(entry: Entry, customer_id: str) -> Login:
    members = entry.members(required=("login_id", "password", "transaction_password"), optional=("name", "role"))
    name, role = members.get("name"), members.get("role")
    expected = "8 to 64 visible ASCII characters in quotes"
    return Login(
        login_id=members["login_id"].text("1 to 64 letters, digits, dots or hyphens", pattern=_ID),
        customer_id=customer_id,
        password=members["password"].secret(expected, pattern=_PASSWORD),
        transaction_password=members["transaction_password"].secret(expected, pattern=_PASSWORD),
        name=name.text("a name of 1 to 45 characters", pattern=r".{1,45}") if name is not None else None,
        role=Role(role.one_of(tuple(Role))) if role is not None else Role.BOTH,
    )


def _account(entry: Entry) -> ScenarioAccount:
    members = entry.members(required=ACCOUNT_MEMBERS, optional=("past_deposits", "visa_uses"))
    deposits = members["past_deposits"].items(at_most=100_000) if "past_deposits" in members else ()
    return ScenarioAccount(
        branch_code=members["branch_code"].text("3 digits in quotes", pattern=r"[0-9]{3}"),
        branch_name=members["branch_name"].text("a name of 1 to 30 characters", pattern=r".{1,30}"),
        type_code=members["type_code"].one_of(ACCOUNT_TYPES),
        number=members["number"].text("7 digits in quotes", pattern=r"[0-9]{7}"),
        primary=members["primary"].flag(),
        name=members["name"].text("a name of 1 to 48 characters", pattern=r".{1,48}"),
        name_kana=members["name_kana"].text("a half-width name", pattern=_HALF_WIDTH_NAME),
        opened_on=members["opened_on"].civil_date(),
        opening_balance_yen=members["opening_balance_yen"].integer(low=0, high=BALANCE_YEN_MAX),
        transfer_limit_yen=members["transfer_limit_yen"].integer(low=0, high=TRANSFER_LIMIT_YEN_MAX),
        past_deposits=tuple(_deposit(item) for item in deposits),
        visa_uses=_visa_uses(members["visa_uses"]) if "visa_uses" in members else None,
    )


def _deposit(entry: Entry) -> PastDeposit:
    members = entry.members(
        required=("days_ago", "time", "amount_yen", "remitter_name"),
        optional=("edi_info", "paying_bank", "paying_branch"),
    )
    if "paying_branch" in members and "paying_bank" not in members:
        raise entry.fault("the member 'paying_bank' beside 'paying_branch'", came="a mapping without it")
    return PastDeposit(
        days_ago=members["days_ago"].integer(low=1, high=DAYS_AGO_MAX),
        time_of_day=members["time"].clock_time(),
        amount_yen=members["amount_yen"].integer(low=1, high=BALANCE_YEN_MAX),
        remitter_name=members["remitter_name"].text("a half-width name", pattern=_HALF_WIDTH_NAME),
        edi_info=_half_width(members.get("edi_info"), length_max=20),
        paying_bank=_half_width(members.get("paying_bank"), length_max=30),
        paying_branch=_half_width(members.get("paying_branch"), length_max=15),
    )


def _half_width(entry: Entry | None, *, length_max: int) -> str | None:
    if entry is None:
        return None
    return entry.text(f"1 to {length_max} half-width characters", pattern=rf"[ !-~｡-ﾟ]{{1,{length_max}}}")


def _visa_uses(entry: Entry) -> tuple[ScenarioVisaUse, ...]:
    return tuple(visa_use(item) for item in entry.items(at_most=100_000))


def _check_unique(scenario: Scenario, entry: Entry) -> None:
    for what, values in (
        ("customer_id", [customer.customer_id for customer in scenario.customers]),
        ("login_id", [login.login_id for customer in scenario.customers for login in customer.logins]),
        ("account", [account_id for customer in scenario.customers for account_id in _account_ids(customer)]),
        ("branch and number", [number for customer in scenario.customers for number in _numbers(customer)]),
    ):
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            raise entry.fault(f"every {what} once in the file", came=f"{', '.join(twice)} again")


def _account_ids(customer: ScenarioCustomer) -> tuple[str, ...]:
    ordinary = tuple(account.account_id for account in customer.accounts)
    return ordinary + tuple(account.account_id for account in customer.other_accounts)


def _numbers(customer: ScenarioCustomer) -> tuple[str, ...]:
    """Return what money can be sent to: the numbers of ordinary accounts and of children."""
    places = tuple(account.place for account in customer.sp_accounts if account.place is not None)
    ordinary = tuple(f"{account.branch_code} {account.number}" for account in customer.accounts)
    return ordinary + tuple(f"{place.branch_code} {place.number}" for place in places)


def _check_purses(scenario: Scenario, entry: Entry) -> None:
    """Only persons have つかいわけ口座, and children begin with what is there."""
    for customer in scenario.customers:
        if customer.sp_accounts and customer.kind not in SP_HOLDER_KINDS:
            raise entry.fault(f"no sp_accounts for a {customer.kind}", came=f"those of {customer.customer_id}")
        there, shares = Counter[str](), Counter[str]()
        there["opening_balance_yen"] = sum(it.opening_balance_yen for it in customer.accounts if it.primary)
        for other in customer.other_accounts:
            there[other.foreign.currency if other.foreign else other.type_code] += (
                other.foreign.amount_thousandths if other.foreign else other.balance_yen
            )
        for child in customer.sp_accounts:
            shares["opening_balance_yen"] += child.shares.yen
            shares[TIME_DEPOSIT] += child.shares.time_deposits_yen
            shares.update(dict(child.shares.foreign))
        if missing := sorted(what for what, figure in shares.items() if figure > max(0, there[what])):
            came = f"more in the children of {customer.customer_id}: {', '.join(missing)}"
            raise entry.fault("children with no more than the main account and the other accounts hold", came=came)


def _check_order_of_days(scenario: Scenario, entry: Entry) -> None:
    """Nothing happens before its account was opened, as far as a fixed first instant lets us know."""
    if scenario.clock_start is None:
        return
    for customer in scenario.customers:
        for account in customer.accounts:
            days = [civil_date(deposit.instant(scenario.clock_start)) for deposit in account.past_deposits]
            days += [use.on_card(scenario.clock_start).use_date for use in account.visa_uses or ()]
            first = min(days, default=civil_date(scenario.clock_start))
            if first < account.opened_on:
                expected = f"account {account.account_id} opened before its first deposit or use of a card ({first})"
                raise entry.fault(expected, came=f"opened_on {account.opened_on}")


def _check_partners(scenario: Scenario, entry: Entry) -> None:
    """A partner company acts for a customer of the same file, who is no individual: these have no virtual accounts."""
    known = {customer.customer_id for customer in scenario.customers if customer.kind != INDIVIDUAL}
    for customer in scenario.customers:
        for _, customer_id in customer.va_partner_keys:
            if customer_id not in known:
                expected = "keys for corporations and sole proprietors of this file"
                raise entry.fault(expected, came=f"a key for {customer_id!r}")
