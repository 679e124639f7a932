"""Which field of an order takes which characters, and where it is cut. Source: kana page, "Which fields"."""

import pytest

from mock_gmo.bank.kana import convert_transfer_text
from mock_gmo.bank.refusals import ForbiddenCharacterInText
from tests.unit.bank.building import items_of, make_bank, make_line, request


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("ｱ" * 48, "ｱ" * 48), ("ガ" * 24, "ｶﾞ" * 24), ("ガ" * 25, "ｶﾞ" * 24), ("ｱ" * 47 + "ガ", "ｱ" * 47 + "ｶ")],
)
def test_names_of_a_single_transfer_are_converted_first_and_cut_at_48_then(sent: str, kept: str) -> None:
    bank = make_bank()
    apply_no = request(bank, make_line(beneficiary_name=sent), remitter_name=sent).apply_no

    (item,) = items_of(bank, apply_no)
    assert (item.line.beneficiary_name, item.application.remitter_name) == (kept, kept)


@pytest.mark.parametrize("sent", ["ｱｰ", "ABc", "ｯ", "ア", "ｦ"])
def test_edi_text_is_not_converted_but_refused_unless_a_setting_says_so(sent: str) -> None:
    with pytest.raises(ForbiddenCharacterInText):
        request(make_bank(), make_line(edi_info=sent))

    bank = make_bank(rules={"edi_info_converted": True})
    (item,) = items_of(bank, request(bank, make_line(edi_info=sent)).apply_no)
    assert item.line.edi_info == convert_transfer_text(sent)


def test_the_note_to_the_approver_takes_any_characters() -> None:
    bank = make_bank(business_id=True)

    (item,) = items_of(bank, request(bank, apply_comment="4月分 & 追加🙂").apply_no)

    assert item.application.apply_comment == "4月分 & 追加🙂"
