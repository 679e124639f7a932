"""Names in the bank's characters: converted, or refused with the character at fault."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrator.domain.kana import ALLOWED, NAME_LENGTH_MAX, NameNotTransferable, check_name, transfer_name


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("ヤマダ　タロウ", "ﾔﾏﾀﾞ ﾀﾛｳ"),
        ("やまだ たろう", "ﾔﾏﾀﾞ ﾀﾛｳ"),
        ("ﾔﾏﾀﾞ ﾀﾛｳ", "ﾔﾏﾀﾞ ﾀﾛｳ"),
        ("ショウジ", "ｼﾖｳｼﾞ"),
        ("ｼｮｳｼﾞ", "ｼﾖｳｼﾞ"),
        ("ジーエムオー", "ｼﾞ-ｴﾑｵ-"),
        ("ｼﾞｰｴﾑｵｰ", "ｼﾞ-ｴﾑｵ-"),
        ("カ）ミホン", "ｶ)ﾐﾎﾝ"),
        ("ミホン（カ", "ﾐﾎﾝ(ｶ"),
        ("パピプペポ", "ﾊﾟﾋﾟﾌﾟﾍﾟﾎﾟ"),
        ("ヴィオラ", "ｳﾞｲｵﾗ"),
        ("ヲ", "ｵ"),
        ("ａｂｃ１２３", "ABC123"),
        ("abc-1", "ABC-1"),
        ("ア・イ", "ｱ.ｲ"),
        ("「ア」", "｢ｱ｣"),
        ("  ア  ", "ｱ"),
        ("ア−イ", "ｱ-ｲ"),
        ("ァィゥェォャュョッヮヵヶヰヱヲ", "ｱｲｳｴｵﾔﾕﾖﾂﾜｶｹｲｴｵ"),
        ("ー－‐‑‒–—―−ｰ", "-" * 10),
        ("()-./,\\¥", "()-./,\\¥"),
        ("（）．／，￥", "()./,¥"),
        ("ぁあぃい", "ｱｱｲｲ"),
        ("ゔゕゖ", "ｳﾞｶｹ"),
        ("ハ゛ハ゜", "ﾊﾞﾊﾟ"),
        ("ﾊﾞﾊﾟ", "ﾊﾞﾊﾟ"),
        ("は゛は゜", "ﾊﾞﾊﾟ"),
        ("xylox", "XYLOX"),
        ("ア" * 48, "ｱ" * 48),
        ("ガ" * 24, "ｶﾞ" * 24),
    ],
)
def test_a_name_is_written_as_the_bank_prints_it(name: str, written: str) -> None:
    assert transfer_name(name) == written


@pytest.mark.parametrize(
    ("name", "came"),
    [
        ("山田太郎", "「山」"),
        ("ヤマダ&サンズ", "「&」"),
        ("ヤマダ\nタロウ", "U+000A"),
        ("ヤマダ\x00", "U+0000"),
        ("㈱ミホン", "「株」"),
        ("😀", "「😀」"),
        ("", "an empty name"),
        ("　", "an empty name"),
        ("ア" * 49, "49"),
        ("ガ" * 25, "50"),
        ("\u3040", "U+3040"),
        ("\u3097", "U+3097"),
    ],
)
def test_what_cannot_be_transferred_is_refused_and_named(name: str, came: str) -> None:
    with pytest.raises(NameNotTransferable) as refused:
        transfer_name(name)
    assert refused.value.came == came


@given(st.text(max_size=80))
def test_whatever_comes_the_result_is_transferable_and_stays_as_it_is(name: str) -> None:
    try:
        written = transfer_name(name)
    except NameNotTransferable:
        return
    assert set(written) <= ALLOWED
    assert 1 <= len(written) <= NAME_LENGTH_MAX
    assert transfer_name(written) == written


@given(st.text(alphabet="アイウガギパピャュョー　", min_size=1, max_size=20).filter(str.strip))
def test_every_katakana_name_of_a_person_can_be_paid(name: str) -> None:
    assert len(transfer_name(name)) >= len(name.strip())


def test_the_characters_of_the_bank_are_these_and_no_others() -> None:
    kana = "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝﾞﾟ"

    assert set(f"{kana}｢｣()-./,\\¥ ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ALLOWED


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ア" * 49, "at most 48 half-width characters"),
        ("山", "カタカナ・英数字・ ( ) - . / ,"),
        ("", "1–48 characters"),
    ],
)
def test_a_refusal_says_what_was_expected(name: str, expected: str) -> None:
    with pytest.raises(NameNotTransferable) as refused:
        transfer_name(name)
    assert refused.value.expected == expected
    assert str(refused.value) == f"expected {expected}, came {refused.value.came}"


def test_a_name_that_is_printed_as_it_came_is_told_so() -> None:
    assert check_name("ﾔﾏﾀﾞ ﾀﾛｳ").as_json() == {
        "given": "ﾔﾏﾀﾞ ﾀﾛｳ",
        "converted": "ﾔﾏﾀﾞ ﾀﾛｳ",
        "printed": "ﾔﾏﾀﾞ ﾀﾛｳ",
        "changed": False,
        "cut": False,
        "length_max": 48,
    }


def test_a_name_that_is_converted_is_told_to_have_changed() -> None:
    checked = check_name("ヤマダ").as_json()

    assert (checked["converted"], checked["printed"]) == ("ﾔﾏﾀﾞ", "ﾔﾏﾀﾞ")
    assert (checked["changed"], checked["cut"]) == (True, False)


def test_a_name_that_is_too_long_is_shown_cut_and_not_refused() -> None:
    assert check_name("ア" * 49).as_json() == {
        "given": "ア" * 49,
        "converted": "ｱ" * 49,
        "printed": "ｱ" * 48,
        "changed": True,
        "cut": True,
        "length_max": 48,
    }


def test_a_check_prints_no_name() -> None:
    assert repr(check_name("ヤマダ")) == "NameCheck()"
