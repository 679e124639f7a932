"""What the bank charges. Which line pays which fee, in yen; booking it is in money.py."""

from dataclasses import dataclass

THIS_BANK = "0310"


@dataclass(frozen=True, slots=True)
class FeeRules:
    """Fees in whole yen. Source: lifecycle, "Amounts, limits, fees" [GUESS]."""

    within_bank_yen: int = 0
    other_bank_yen: int = 143
    recall_yen: int = 880

    def __post_init__(self) -> None:
        for yen in (self.within_bank_yen, self.other_bank_yen, self.recall_yen):
            if yen < 0:
                raise ValueError(f"a fee is 0 yen or more, not {yen}")


def line_fee(fees: FeeRules, *, bank_code: str) -> int:
    """Return the fee in yen for one line that goes to that bank; free transfers and points are left out."""
    return fees.within_bank_yen if bank_code == THIS_BANK else fees.other_bank_yen
