"""The directory of banks and branches: by code, by how the name begins, by how the kana begins."""

import pytest

from tests.unit.integrator_web.web_side import WebSide


@pytest.mark.parametrize(
    ("query", "code", "name"),
    [
        ("code=0310", "0310", "ＧＭＯあおぞらネット"),
        ("name=ＧＭＯあおぞら", "0310", "ＧＭＯあおぞらネット"),
        ("name=GMOあおぞら", "0310", "ＧＭＯあおぞらネット"),
        ("kana=ミズホ", "0001", "みずほ"),
        ("kana=みずほ", "0001", "みずほ"),
        ("kana=ﾐｽﾞﾎ", "0001", "みずほ"),
        ("kana=みつびしユーエフジェイ", "0005", "三菱ＵＦＪ"),
    ],
)
def test_a_bank_is_found_by_code_name_or_kana_in_any_form(web: WebSide, query: str, code: str, name: str) -> None:
    found = web.call("GET", f"/v1/banks?{query}").get_json()["banks"]

    assert (found[0]["code"], found[0]["name"]) == (code, name)
    assert all(set(bank) == {"code", "name", "name_kana"} for bank in found)


def test_conditions_are_joined_and_may_find_nothing(web: WebSide) -> None:
    assert web.call("GET", "/v1/banks?code=0310&kana=ミズホ").get_json() == {"banks": []}


def test_the_whole_directory_can_be_paged_through(web: WebSide) -> None:
    codes: list[str] = []
    cursor = ""
    while True:
        page = web.call("GET", f"/v1/banks?limit=100{cursor}", key=web.operator_key).get_json()
        codes += [bank["code"] for bank in page["banks"]]
        if "next_cursor" not in page:
            break
        cursor = f"&cursor={page['next_cursor']}"

    assert len(codes) > 1000
    assert codes == sorted(set(codes))


def test_branches_come_with_their_bank(web: WebSide) -> None:
    found = web.call("GET", "/v1/banks/0310/branches?code=101").get_json()

    assert found["bank"]["name"] == "ＧＭＯあおぞらネット"
    assert [branch["code"] for branch in found["branches"]] == ["101"]


def test_branches_are_found_by_their_kana_and_paged(web: WebSide) -> None:
    first = web.call("GET", "/v1/banks/0001/branches?kana=しん&limit=1").get_json()
    second = web.call("GET", f"/v1/banks/0001/branches?kana=しん&limit=1&cursor={first['next_cursor']}").get_json()

    kana = [page["branches"][0]["name_kana"] for page in (first, second)]
    assert all(text.startswith("シン") for text in kana)
    assert first["branches"][0]["code"] < second["branches"][0]["code"]


def test_an_unknown_bank_has_no_branches(web: WebSide) -> None:
    response = web.call("GET", "/v1/banks/9998/branches")

    assert response.status_code == 404
    assert response.get_json()["type"].endswith(":bank-unknown")
    assert response.get_json()["field"] == "bank_code"
