"""What becomes of a transfer to a listed beneficiary, in words: Japanese first, English beside, and in columns.

For people only: what really happens is decided in the bank.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from unicodedata import east_asian_width

from mock_gmo.bank.beneficiaries import Beneficiary, Conduct
from mock_gmo.bank.directory import Directory
from mock_gmo.bank.rules import BankRules

HEADINGS: Final = ("銀行", "支店", "科目", "口座番号", "受取人名", "conduct", "結果 / what happens")
ACCOUNT_TYPE_NAMES: Final = {"1": "普通", "2": "当座", "4": "貯蓄", "9": "その他"}
GAP: Final = "  "
_WIDE: Final = frozenset("WF")

_TEXTS: Final[dict[Conduct, tuple[str, str]]] = {
    Conduct.TAKES: ("{settle}に手続済", "settled after {settle_en}"),
    Conduct.SLOW: ("{after}に手続済", "settled {after_en}"),
    Conduct.REFUSES: (
        "{after}に手続不成立。金額と手数料が戻る",
        "not executed {after_en}; amount and fee come back",
    ),
    Conduct.CLOSED: (
        "口座なし。手続済の{after}に資金返却。手数料は戻らない",
        "no such account: funds returned {after_en} the settlement; the fee is kept",
    ),
    Conduct.NAME_DIFFERS: (
        "名義相違。手続済の{after}に資金返却。手数料は戻らない",
        "name differs: funds returned {after_en} the settlement; the fee is kept",
    ),
    Conduct.AGREES_RECALL: (
        "手続済。組戻依頼の{after}に組戻済",
        "settled; a recall is agreed to {after_en} it is asked for",
    ),
    Conduct.REFUSES_RECALL: (
        "手続済。組戻依頼の{after}に組戻不成立",
        "settled; a recall is refused {after_en} it is asked for",
    ),
}


def outcome(beneficiary: Beneficiary, rules: BankRules) -> tuple[str, str]:
    """Return one line in Japanese and one in English about a transfer to that account under its own name."""
    japanese, english = _TEXTS[beneficiary.conduct]
    seconds = beneficiary.after_seconds
    if seconds is None:
        seconds = _by_the_rules(beneficiary.conduct, rules)
    if seconds is None:
        at = f"{rules.reserved_execution_time:%H:%M}"
        after, after_en = f"翌営業日{at}", f"on the next business day at {at}"
    else:
        after, after_en = f"{seconds:,}秒後", f"{seconds:,} s after"
    if beneficiary.conduct in (Conduct.SLOW, Conduct.REFUSES) and seconds is not None:
        after_en += " the debit"
    words = {
        "settle": f"{rules.settle_interbank_seconds:,}秒後",
        "settle_en": f"{rules.settle_interbank_seconds:,} s",
        "after": after,
        "after_en": after_en,
    }
    return japanese.format(**words), english.format(**words)


def table(beneficiaries: Iterable[Beneficiary], *, directory: Directory, rules: BankRules) -> Iterator[str]:
    """Yield the directory as lines in columns, a heading first, full-width characters counted as two."""
    rows = [HEADINGS, *(_row(beneficiary, directory, rules) for beneficiary in beneficiaries)]
    widths = [max(width(row[column]) for row in rows) for column in range(len(HEADINGS) - 1)]
    for row in rows:
        cells = [cell + " " * (wide - width(cell)) for cell, wide in zip(row, widths, strict=False)]
        yield GAP.join([*cells, row[-1]])


def width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(2 if east_asian_width(character) in _WIDE else 1 for character in text)


def _by_the_rules(conduct: Conduct, rules: BankRules) -> int | None:
    match conduct:
        case Conduct.SLOW:
            return None
        case Conduct.CLOSED | Conduct.NAME_DIFFERS:
            return rules.funds_return_seconds
        case Conduct.AGREES_RECALL | Conduct.REFUSES_RECALL:
            return rules.recall_answer_seconds
    return rules.settle_interbank_seconds


def _row(beneficiary: Beneficiary, directory: Directory, rules: BankRules) -> Sequence[str]:
    bank = directory.find_bank(beneficiary.bank_code)
    branch = directory.find_branch(beneficiary.bank_code, beneficiary.branch_code)
    return (
        f"{beneficiary.bank_code} {bank.name if bank else '?'}",
        f"{beneficiary.branch_code} {branch.name if branch else '?'}",
        ACCOUNT_TYPE_NAMES[beneficiary.account_type],
        beneficiary.account_number,
        beneficiary.name_kana,
        beneficiary.conduct.value,
        " / ".join(outcome(beneficiary, rules)),
    )
