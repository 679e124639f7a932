"""Characters of transfers: what is converted, what is refused, how a statement shows it."""

import pytest

from mock_gmo.bank.kana import (
    EDI_LENGTH_MAX,
    NAME_LENGTH_MAX,
    ForbiddenCharacter,
    convert_transfer_text,
    require_transfer_text,
    to_remarks,
    transfer_remarks,
)

KANA = "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝ"
ALLOWED = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" + KANA + "ﾞﾟ()-./,｢｣¥\\"


@pytest.mark.parametrize("character", ALLOWED)
def test_every_character_of_the_set_passes_unchanged(character: str) -> None:
    assert convert_transfer_text(character) == require_transfer_text(character) == character


@pytest.mark.parametrize(
    ("sent", "used"),
    [
        ("ｧｨｩｪｫｬｭｮｯ", "ｱｲｳｴｵﾔﾕﾖﾂ"),
        ("ｼｮｳｼﾞ", "ｼﾖｳｼﾞ"),
        ("ｻﾝｷﾞｮｳ", "ｻﾝｷﾞﾖｳ"),
        ("ｼﾞｰｴﾑｵｰ", "ｼﾞ-ｴﾑｵ-"),
        ("ｦ", "ｵ"),
        ("abcz", "ABCZ"),
        ("ＡＺａｚ０９", "AZAZ09"),
        ("アイウエオ", "ｱｲｳｴｵ"),
        ("ガギグゲゴザジズゼゾダヂヅデドバビブベボヴ", "ｶﾞｷﾞｸﾞｹﾞｺﾞｻﾞｼﾞｽﾞｾﾞｿﾞﾀﾞﾁﾞﾂﾞﾃﾞﾄﾞﾊﾞﾋﾞﾌﾞﾍﾞﾎﾞｳﾞ"),
        ("パピプペポ", "ﾊﾟﾋﾟﾌﾟﾍﾟﾎﾟ"),
        ("ァィゥェォャュョッヮヵヶヲ", "ｱｲｳｴｵﾔﾕﾖﾂﾜｶｹｵ"),
        ("カ\u3099", "ｶﾞ"),
        ("ハ゜", "ﾊﾟ"),
        ("サンプル　ハナコ", "ｻﾝﾌﾟﾙ ﾊﾅｺ"),
        ("ーー－‐−―", "------"),
        ("･・．", "..."),
        ("，（）／￥「」＼", ",()/¥｢｣\\"),
        ("・", "."),
        ("－", "-"),
        ("‐", "-"),
        ("−", "-"),
        ("―", "-"),
        ("ー", "-"),
        ("ﾐﾎﾝ\u3000ﾀﾛｳ", "ﾐﾎﾝ ﾀﾛｳ"),
        ("U-ab12", "U-AB12"),
        ("ｽﾅﾊﾞﾌﾞﾝｲﾁ(ｶ", "ｽﾅﾊﾞﾌﾞﾝｲﾁ(ｶ"),
        ("カ）アオゾラ", "ｶ)ｱｵｿﾞﾗ"),
        ("  ﾐﾎﾝ  ﾀﾛｳ ", "ﾐﾎﾝ  ﾀﾛｳ"),
        ("　ミホン　", "ﾐﾎﾝ"),
    ],
)
def test_what_the_bank_converts(sent: str, used: str) -> None:
    assert convert_transfer_text(sent) == used


@pytest.mark.parametrize("sent", [*"見あゔ&'@+:!#_ヰヱ､｡\t\n\x00\x7f🙂é", "A\n", "", " ", "\u3000", "ﾐﾎﾝ\u200b"])
def test_what_cannot_travel_is_refused(sent: str) -> None:
    with pytest.raises(ForbiddenCharacter):
        convert_transfer_text(sent)


def test_the_refusal_names_the_first_character() -> None:
    with pytest.raises(ForbiddenCharacter) as refused:
        convert_transfer_text("ミホン&見本")

    assert refused.value.character == "&"


def test_hiragana_is_converted_only_when_asked_for() -> None:
    assert convert_transfer_text("さんぷる　しょうがっこう", hiragana=True) == "ｻﾝﾌﾟﾙ ｼﾖｳｶﾞﾂｺｳ"
    with pytest.raises(ForbiddenCharacter):
        convert_transfer_text("さ")


def test_a_converted_text_stays_as_it_is() -> None:
    text = "".join(ALLOWED)

    assert convert_transfer_text(convert_transfer_text(text)) == text


@pytest.mark.parametrize(
    ("name", "edi_info", "remarks"),
    [
        ("ﾐﾎﾝ ﾀﾛｳ", None, "振込 ミホン　タロウ"),
        ("ﾐﾎﾝｼﾖｳｼﾞ(ｶ", "ABC123", "振込 ABC123 ミホンシヨウジ（カ"),
        ("ﾊﾟ-ｸ 24", None, "振込 パ－ク　２４"),
    ],
)
def test_remarks_show_the_payer_full_width_and_the_edi_text_as_it_is(
    name: str, edi_info: str | None, remarks: str
) -> None:
    assert transfer_remarks(name, edi_info=edi_info) == remarks


def test_remarks_leave_nothing_half_width() -> None:
    shown = to_remarks(ALLOWED + " ")

    assert not set(shown) & set(ALLOWED + " ﾞﾟ")


@pytest.mark.parametrize(("text", "characters"), [("ガ", 2), ("パ", 2), ("ｶﾞ", 2), ("ヴ", 2), ("ア", 1), ("ー", 1)])
def test_marks_of_voiced_kana_count_as_characters_of_their_own(text: str, characters: int) -> None:
    assert len(convert_transfer_text(text)) == characters


@pytest.mark.parametrize("small", "ｧｨｩｪｫｬｭｮｯ")
def test_remarks_show_small_kana_large_because_the_bank_forgot_them(small: str) -> None:
    assert to_remarks(convert_transfer_text(small)) in "アイウエオヤユヨツ"


def test_a_name_has_48_characters_at_most_and_an_edi_text_20() -> None:
    assert (NAME_LENGTH_MAX, EDI_LENGTH_MAX) == (48, 20)


@pytest.mark.parametrize(("half", "full"), [(" ", "\u3000"), ("!", "！"), ("~", "～"), ("\x7f", "\x7f")])
def test_a_statement_shows_every_visible_character_full_width(half: str, full: str) -> None:
    assert to_remarks(half) == full
