"""The directory of banks: names as the bank tells them, and codes that nobody has."""

import pytest

from mock_gmo.directory import ZenginDirectory, full_name

DIRECTORY = ZenginDirectory()

NAMES = [
    ("0398", "あおぞら", "あおぞら銀行"),
    ("0310", "ＧＭＯあおぞらネット", "ＧＭＯあおぞらネット銀行"),
    ("0001", "みずほ", "みずほ銀行"),
    ("0199", "例示", "例示銀行"),
    ("0288", "三菱ＵＦＪ信託", "三菱ＵＦＪ信託銀行"),
    ("0512", "仙台", "仙台銀行"),
    ("9900", "ゆうちょ", "ゆうちょ銀行"),
    ("0034", "見本銀行", "見本銀行"),
    ("1001", "北海道信金", "北海道信用金庫"),
    ("2011", "北央信組", "北央信用組合"),
    ("2951", "北海道労金", "北海道労働金庫"),
    ("4000", "鶴岡市農協", "鶴岡市農業協同組合"),
    ("0403", "バンク・オブ・アメリカ・エヌ・エイ", "バンク・オブ・アメリカ・エヌ・エイ"),
    ("0200", "ワイズ・ペイメンツ・ジャパン", "ワイズ・ペイメンツ・ジャパン"),
    ("1000", "信金中央金庫", "信金中央金庫"),
]


@pytest.mark.parametrize(("code", "short", "full"), NAMES)
def test_the_kind_of_an_institute_is_written_out(code: str, short: str, full: str) -> None:
    assert full_name(code, short) == full


def test_a_bank_has_its_full_name_and_its_short_name_in_kana() -> None:
    bank = DIRECTORY.find_bank("0398")
    branch = DIRECTORY.find_branch("0398", "111")

    assert bank is not None
    assert branch is not None
    assert (bank.name, bank.name_kana) == ("あおぞら銀行", "ｱｵｿﾞﾗ")
    assert (branch.name, branch.name_kana) == ("本店", "ﾎﾝﾃﾝ")


@pytest.mark.parametrize(("bank_code", "branch_code"), [("9999", "001"), ("0398", "999"), ("0310", "000")])
def test_a_code_that_nobody_has_is_not_found(bank_code: str, branch_code: str) -> None:
    assert DIRECTORY.find_branch(bank_code, branch_code) is None
