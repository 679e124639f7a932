"""Acts on the bank's side that nobody can ask for from outside: maintenance, and beneficiaries who close accounts."""

from dataclasses import replace
from random import Random

from mock_gmo.app import world_of
from mock_gmo.bank.beneficiaries import Beneficiary, Conduct
from mock_gmo.bank.kana import convert_transfer_text
from tests.simulation.shop import BENEFICIARIES
from tests.simulation.stage import Stage

MAINTENANCE_SECONDS = (20, 300, 3600)


def maintenance(stage: Stage, chance: Random) -> str:
    """The bank closes for maintenance, and opens again after a while."""
    world, seconds = world_of(stage.bank_app), chance.choice(MAINTENANCE_SECONDS)
    stage.tell("the bank closes for maintenance")
    open_bank = world.settings
    world.settings = replace(open_bank, maintenance=True)
    stage.let_pass(seconds, chance)
    world.settings = open_bank
    return f"the bank is open again after {seconds} s"


def close_beneficiary(stage: Stage, chance: Random) -> str:
    """A beneficiary closes the account: what is paid there from now on comes back. Or it is opened again."""
    entry = _closed(*chance.choice(BENEFICIARIES))
    listed = world_of(stage.bank_app).bank._state.beneficiaries
    if listed.pop(entry.account, None) is not None:
        return f"the account {entry.account} is open again"
    listed[entry.account] = entry
    return f"the beneficiary closes the account {entry.account}"


def reopen_accounts(stage: Stage) -> None:
    """The accounts that closed in this story are open again."""
    listed = world_of(stage.bank_app).bank._state.beneficiaries
    for beneficiary in BENEFICIARIES:
        listed.pop(_closed(*beneficiary).account, None)


def _closed(bank_code: str, branch_code: str, account_type: str, account_number: str, name: str) -> Beneficiary:
    name_kana = convert_transfer_text(name)
    return Beneficiary(bank_code, branch_code, account_type, account_number, name_kana, conduct=Conduct.CLOSED)
