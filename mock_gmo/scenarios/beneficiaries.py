"""Reading the beneficiary directory of a scenario: its own entries, and the standard ones that it may take over."""

from collections.abc import Iterable
from importlib.resources import files
from typing import Final

from mock_gmo.bank.beneficiaries import (
    ACCOUNT_TYPES,
    AFTER_SECONDS_MAX,
    Beneficiary,
    Conduct,
    is_transfer_name,
)
from mock_gmo.bank.fees import THIS_BANK
from mock_gmo.bank.kana import NAME_LENGTH_MAX
from mock_gmo.marked_yaml import DocumentError, Entry, read_document

STANDARD: Final = ("shared", "beneficiaries.yaml")
BENEFICIARIES_MAX: Final = 10_000
MEMBERS: Final = ("bank_code", "branch_code", "account_type", "account_number", "name_kana", "conduct")


class StandardBeneficiariesError(DocumentError):
    """The directory that comes with the program cannot be used: a bug of ours."""


def read_beneficiaries(entry: Entry | None, *, with_standard: bool) -> tuple[Beneficiary, ...]:
    """Return the entries of a scenario, after the standard ones if it takes them over; an own entry replaces one.

    Raises the file's error.
    """
    own: dict[str, Beneficiary] = {}
    for item in entry.items(at_most=BENEFICIARIES_MAX) if entry is not None else ():
        beneficiary = _beneficiary(item)
        if beneficiary.account in own:
            raise item.fault("every account once", came=f"{beneficiary.account} again")
        own[beneficiary.account] = beneficiary
    standard = _by_account(standard_beneficiaries()) if with_standard else {}
    return tuple((standard | own).values())


def standard_beneficiaries() -> tuple[Beneficiary, ...]:
    """Return the directory that comes with the program."""
    source = files(__package__).joinpath(*STANDARD)
    root = read_document(source.read_text(encoding="utf-8"), file=source.name, error=StandardBeneficiariesError)
    return read_beneficiaries(root.members(required=("beneficiaries",))["beneficiaries"], with_standard=False)


def _by_account(beneficiaries: Iterable[Beneficiary]) -> dict[str, Beneficiary]:
    return {beneficiary.account: beneficiary for beneficiary in beneficiaries}


def _beneficiary(entry: Entry) -> Beneficiary:
    members = entry.members(required=MEMBERS, optional=("after_seconds",))
    after = members.get("after_seconds")
    bank_code = members["bank_code"].text("4 digits in quotes", pattern=r"[0-9]{4}")
    if bank_code == THIS_BANK:
        raise members["bank_code"].fault("another bank")
    name_kana = members["name_kana"].text()
    if not is_transfer_name(name_kana):
        expected = f"a name of 1 to {NAME_LENGTH_MAX} characters that transfers carry"
        raise members["name_kana"].fault(expected)
    conduct = Conduct(members["conduct"].one_of(tuple(Conduct)))
    if after is not None and conduct is Conduct.TAKES:
        raise after.fault(f"conduct {Conduct.SLOW} beside it", came=f"conduct {conduct}")
    return Beneficiary(
        bank_code=bank_code,
        branch_code=members["branch_code"].text("3 digits in quotes", pattern=r"[0-9]{3}"),
        account_type=members["account_type"].one_of(ACCOUNT_TYPES),
        account_number=members["account_number"].text("7 digits in quotes", pattern=r"[0-9]{7}"),
        name_kana=name_kana,
        conduct=conduct,
        after_seconds=after.integer(low=0, high=AFTER_SECONDS_MAX) if after is not None else None,
    )
