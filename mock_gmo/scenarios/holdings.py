"""Reading what a scenario says of accounts beside the ordinary yen ones, of つかいわけ口座 and of Visa debit cards.

Customers, ordinary accounts and whole files are the loader's.
"""

from functools import partial
from typing import Final

from mock_gmo.bank.fixed_point import AMOUNT_PLACES, VISA_PLACES, parse_decimal
from mock_gmo.bank.other_accounts import FOREIGN_CURRENCIES, FOREIGN_CURRENCY, YEN_TYPES, ForeignHolding
from mock_gmo.bank.sp_accounts import SP_NAME_LENGTH_MAX, SpPlace, SpShares
from mock_gmo.bank.visa import USE_CONTENT_LENGTH_MAX, VISA_STATUSES, UseAbroad
from mock_gmo.marked_yaml import Entry
from mock_gmo.scenarios.scenario import ScenarioOtherAccount, ScenarioSpAccount, ScenarioVisaUse

BALANCE_YEN_MAX: Final = 999_999_999_999
DAYS_AGO_MAX: Final = 3_650

YEN_MEMBERS: Final = ("branch_code", "type_code", "number", "balance_yen")
FOREIGN_MEMBERS: Final = ("branch_code", "type_code", "number", "currency", "amount", "ttb")
PLACE_MEMBERS: Final = ("branch_code", "branch_name", "number")
SHARE_MEMBERS: Final = ("opening_balance_yen", "time_deposits_yen", "foreign")
USE_MEMBERS: Final = ("days_ago", "use_content", "amount_yen", "approval_number", "status")
ABROAD_MEMBERS: Final = ("currency", "amount", "rate")

# Digits before the point, so that every figure keeps the length of its member on the wire.
_AMOUNT_DIGITS: Final = 12
_RATE_DIGITS: Final = 6


def other_account(entry: Entry) -> ScenarioOtherAccount:
    """Return an account of type 11 or 81 with yen, or of type 51 with a foreign currency. Raises the file's error."""
    known = entry.members(
        required=("branch_code", "type_code", "number"), optional=("balance_yen", "currency", "amount", "ttb")
    )
    type_code = known["type_code"].one_of((*YEN_TYPES, FOREIGN_CURRENCY))
    is_foreign = type_code == FOREIGN_CURRENCY
    members = entry.members(required=FOREIGN_MEMBERS if is_foreign else YEN_MEMBERS)
    return ScenarioOtherAccount(
        branch_code=members["branch_code"].text("3 digits in quotes", pattern=r"[0-9]{3}"),
        type_code=type_code,
        number=members["number"].text("7 digits in quotes", pattern=r"[0-9]{7}"),
        balance_yen=0 if is_foreign else members["balance_yen"].integer(low=-BALANCE_YEN_MAX, high=BALANCE_YEN_MAX),
        foreign=_holding(entry) if is_foreign else None,
    )


def sp_account(entry: Entry) -> ScenarioSpAccount:
    """Return a つかいわけ口座: with branch and number a child, without them the parent. Raises the file's error."""
    members = entry.members(required=("name",), optional=(*PLACE_MEMBERS, *SHARE_MEMBERS))
    name = members["name"].text(f"1 to {SP_NAME_LENGTH_MAX} characters", pattern=f".{{1,{SP_NAME_LENGTH_MAX}}}")
    if not any(place in members for place in PLACE_MEMBERS):
        if len(members) > 1:
            raise entry.fault("a parent with nothing but its name, or a child with branch and number")
        return ScenarioSpAccount(name)
    members = entry.members(required=("name", *PLACE_MEMBERS), optional=SHARE_MEMBERS)
    place = SpPlace(
        branch_code=members["branch_code"].text("3 digits in quotes", pattern=r"[0-9]{3}"),
        branch_name=members["branch_name"].text("a name of 1 to 30 characters", pattern=r".{1,30}"),
        number=members["number"].text("7 digits in quotes", pattern=r"[0-9]{7}"),
    )
    yen = {
        what: members[what].integer(low=0, high=BALANCE_YEN_MAX) if what in members else 0
        for what in ("opening_balance_yen", "time_deposits_yen")
    }
    foreign = _shares(members["foreign"]) if "foreign" in members else ()
    return ScenarioSpAccount(name, place, SpShares(yen["opening_balance_yen"], yen["time_deposits_yen"], foreign))


def visa_use(entry: Entry) -> ScenarioVisaUse:
    """Return one use of a Visa debit card. Raises the file's error."""
    members = entry.members(required=USE_MEMBERS, optional=("abroad",))
    content = f"1 to {USE_CONTENT_LENGTH_MAX} characters"
    return ScenarioVisaUse(
        days_ago=members["days_ago"].integer(low=0, high=DAYS_AGO_MAX),
        use_content=members["use_content"].text(content, pattern=f".{{1,{USE_CONTENT_LENGTH_MAX}}}"),
        amount_yen=members["amount_yen"].integer(low=-BALANCE_YEN_MAX, high=BALANCE_YEN_MAX),
        approval_number=members["approval_number"].text("6 digits in quotes", pattern=r"[0-9]{6}"),
        status=members["status"].one_of(VISA_STATUSES),
        abroad=_abroad(members["abroad"]) if "abroad" in members else None,
    )


def _shares(entry: Entry) -> tuple[tuple[str, int], ...]:
    found: dict[str, int] = {}
    for item in entry.items(at_most=len(FOREIGN_CURRENCIES)):
        members = item.members(required=("currency", "amount"))
        currency = members["currency"].one_of(tuple(FOREIGN_CURRENCIES))
        amount = _figure(members["amount"], digits=_AMOUNT_DIGITS, places=AMOUNT_PLACES, sign="")
        if currency in found or not amount:
            raise item.fault("every currency once, and more than nothing of it")
        found[currency] = amount
    return tuple(found.items())


def _holding(entry: Entry) -> ForeignHolding:
    members = entry.members(required=FOREIGN_MEMBERS)
    return ForeignHolding(
        currency=members["currency"].one_of(tuple(FOREIGN_CURRENCIES)),
        amount_thousandths=_figure(members["amount"], digits=_AMOUNT_DIGITS, places=AMOUNT_PLACES, sign="-?"),
        ttb_thousandths=_rate(members["ttb"], places=AMOUNT_PLACES),
    )


def _abroad(entry: Entry) -> UseAbroad:
    members = entry.members(required=ABROAD_MEMBERS, optional=("atm_fee",))
    fee = members.get("atm_fee")
    figure = partial(_figure, digits=_AMOUNT_DIGITS, places=VISA_PLACES, sign="-?")
    return UseAbroad(
        currency=members["currency"].text("3 capital letters, not JPY", pattern=r"(?!JPY)[A-Z]{3}"),
        amount_millionths=figure(members["amount"]),
        rate_millionths=_rate(members["rate"], places=VISA_PLACES),
        atm_fee_millionths=figure(fee) if fee is not None else None,
    )


def _rate(entry: Entry, *, places: int) -> int:
    rate = _figure(entry, digits=_RATE_DIGITS, places=places, sign="")
    if rate == 0:
        raise entry.fault("a rate above 0")
    return rate


def _figure(entry: Entry, *, digits: int, places: int, sign: str) -> int:
    expected = f"in quotes up to {digits} digits, and up to {places} decimals after a point"
    text = entry.text(expected, pattern=rf"{sign}[0-9]{{1,{digits}}}(\.[0-9]{{1,{places}}})?")
    return parse_decimal(text, places=places)
