"""Holder names of virtual accounts: where the added text stands, what it may hold, what is cut."""

import pytest

from mock_gmo.bank.refusals import VaHolderNameUnusable
from mock_gmo.bank.virtual_account_names import compose_holder_name, convert_holder_text

COMPANY_KANA = "ﾐﾎﾝｼﾖｳｼﾞ(ｶ"
LONG_KANA = "ﾐﾎﾝ" * 12  # 36 characters


@pytest.mark.parametrize(
    ("base", "added", "added_first", "name"),
    [
        (COMPANY_KANA, None, False, "ﾐﾎﾝｼﾖｳｼﾞ(ｶ"),
        (COMPANY_KANA, None, True, "ﾐﾎﾝｼﾖｳｼﾞ(ｶ"),
        (COMPANY_KANA, "ﾆﾕｳｷﾝｸﾞﾁ", False, "ﾐﾎﾝｼﾖｳｼﾞ(ｶ)ﾆﾕｳｷﾝｸﾞﾁ"),
        (COMPANY_KANA, "ﾆﾕｳｷﾝｸﾞﾁ ", True, "ﾆﾕｳｷﾝｸﾞﾁ ﾐﾎﾝｼﾖｳｼﾞ(ｶ"),
        (COMPANY_KANA, "ﾆﾕｳｷﾝｸﾞﾁ", True, "ﾆﾕｳｷﾝｸﾞﾁﾐﾎﾝｼﾖｳｼﾞ(ｶ"),
        ("ﾐﾎﾝ ﾀﾛｳ", "ﾆﾕｳｷﾝ", False, "ﾐﾎﾝ ﾀﾛｳﾆﾕｳｷﾝ"),
        ("ｶ)ﾐﾎﾝ", "ﾆﾕｳｷﾝ", False, "ｶ)ﾐﾎﾝﾆﾕｳｷﾝ"),
        ("(ｱ)ｲ", "ｳ", False, "(ｱ)ｲｳ"),
        ("(ｱ)(ｲ)", "ｳ", False, "(ｱ)(ｲ)ｳ"),
        ("ｱ(ｲ)ｳ(ｴ", "ｵ", False, "ｱ(ｲ)ｳ(ｴ)ｵ"),
        (COMPANY_KANA, "ニュウキングチ", False, "ﾐﾎﾝｼﾖｳｼﾞ(ｶ)ﾆﾕｳｷﾝｸﾞﾁ"),
        (COMPANY_KANA, "ﾆｭｰ･shop", False, "ﾐﾎﾝｼﾖｳｼﾞ(ｶ)ﾆﾕ-.SHOP"),
        (COMPANY_KANA, "A/(1),.-", False, "ﾐﾎﾝｼﾖｳｼﾞ(ｶ)A/(1),.-"),
        (COMPANY_KANA, " ｱ  ｲ ", False, "ﾐﾎﾝｼﾖｳｼﾞ(ｶ) ｱ  ｲ "),
        (LONG_KANA, "ABCDEFG", False, LONG_KANA + "ABCD"),
        (LONG_KANA, "ABCDEFG", True, "ABCD" + LONG_KANA),
        (LONG_KANA, "ガガガ", False, LONG_KANA + "ｶﾞｶﾞ"),
        (LONG_KANA, "AAAガ", False, LONG_KANA + "AAAｶ"),
        (LONG_KANA[:-2] + "(ｶ", "ABCDEFG", False, LONG_KANA[:-2] + "(ｶ)ABC"),
        ("ﾐ" * 37 + "(ｶ", "A", False, "ﾐ" * 37 + "(ｶ"),
        ("ﾐ" * 48, "A", True, "ﾐ" * 40),
        ("ﾐ" * 40, "A", False, "ﾐ" * 40),
    ],
)
def test_a_holder_name_has_forty_characters_at_most_and_loses_the_end_of_the_added_text(
    base: str, added: str | None, added_first: bool, name: str
) -> None:
    assert compose_holder_name(base, added, added_first=added_first) == name
    assert len(name) <= 40


@pytest.mark.parametrize("added", [" ﾆﾕｳｷﾝ", "ﾆﾕ  ｳｷﾝ", "ﾆﾕｳｷﾝ  ", "　ﾆﾕｳｷﾝ", " "])
def test_spaces_in_the_wrong_place_are_refused_only_before_the_holder(added: str) -> None:
    with pytest.raises(VaHolderNameUnusable):
        compose_holder_name(COMPANY_KANA, added, added_first=True)

    assert compose_holder_name(COMPANY_KANA, added, added_first=False).startswith("ﾐﾎﾝｼﾖｳｼﾞ(ｶ)")


@pytest.mark.parametrize("added", ["入金", "A&B", "｢A｣", "¥", "\\", "A\n", "にゅうきん", "A:B", "😀"])
@pytest.mark.parametrize("added_first", [False, True])
def test_other_characters_are_refused(added: str, added_first: bool) -> None:
    with pytest.raises(VaHolderNameUnusable):
        compose_holder_name(COMPANY_KANA, added, added_first=added_first)


def test_hiragana_is_converted_where_the_rules_say_so() -> None:
    assert compose_holder_name("ﾐﾎﾝ", "にゅうきん", added_first=False, hiragana=True) == "ﾐﾎﾝﾆﾕｳｷﾝ"
    with pytest.raises(VaHolderNameUnusable):
        convert_holder_text("にゅうきん")
