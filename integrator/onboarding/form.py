"""The sheet of the bank's application (API利用申込), as one company fills it: every field, its value, whose it is.

The values that NOVASTO gives are those registered with the bank, as a literal table; nothing is asked or sent here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from integrator.companies import redirect_uri_of
from integrator.settings import REGISTERED_HOSTS, Environment

SOURCE_NETWORKS: dict[Environment, tuple[str, ...]] = {
    Environment.PRODUCTION: ("13.113.217.217", "18.177.65.42"),
    Environment.DEVELOPMENT: ("18.177.192.247",),
    Environment.LOCAL: ("127.0.0.1/32",),
}
TEST_SITE_ADDRESS = {Environment.DEVELOPMENT: "18.177.192.247", Environment.LOCAL: "127.0.0.1/32"}
WORDS = {
    Environment.PRODUCTION: ("本番環境", "production"),
    Environment.DEVELOPMENT: ("開発環境", "development"),
    Environment.LOCAL: ("ローカル環境", "local"),
}
TEXT_LENGTH_MAX = 100


class Whose(StrEnum):
    """Who says what stands in a field."""

    GIVEN = "given"
    OWN = "own"
    SHARED = "shared"


WHOSE_WORDS = {
    Whose.GIVEN: "NOVASTO指定 / given by NOVASTO",
    Whose.OWN: "会社ご記入 / the company's own",
    Whose.SHARED: "NOVASTOから個別に共有 / shared individually by NOVASTO",
}

# What only the company knows: name → (Japanese, English). Each is required.
OWN_FIELDS: dict[str, tuple[str, str]] = {
    "contract_name": ("契約名", "contract name"),
    "contact_name": ("担当者名", "contact name"),
    "contact_mail": ("担当者メールアドレス", "contact mail address"),
    "test_mail_corporation": (
        "テスト口座1（法人）の通知先メールアドレス",
        "notification mail address of test account 1 (corporation)",
    ),
    "test_mail_individual": (
        "テスト口座2（個人）の通知先メールアドレス",
        "notification mail address of test account 2 (individual)",
    ),
}


class FieldsRefused(ValueError):
    """Fields of the company are missing or not right. `faults`: (name, what is wrong)."""

    def __init__(self, faults: tuple[tuple[str, str], ...]) -> None:
        super().__init__("; ".join(f"{name}: {fault}" for name, fault in faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the sheet."""

    section: str
    section_en: str
    item: str
    item_en: str
    value: str
    whose: Whose

    def as_json(self) -> dict[str, str]:
        """Return the field by its English names, the Japanese ones beside them."""
        return {
            "section": self.section_en,
            "section_ja": self.section,
            "item": self.item_en,
            "item_ja": self.item,
            "value": self.value,
            "whose": self.whose.value,
        }


def sheet(company_id: str, own: Mapping[str, str], *, site: tuple[Environment, str]) -> tuple[Field, ...]:
    """Return every field for one company. `site` is this installation: its environment and public URL.

    The real bank has one sheet for production and development; `local` has one of its own. Raises FieldsRefused.
    """
    _check(own)
    sites = _sites(*site)
    return (*_service(), *_access(), *_connection(company_id, sites), *_tests(own, sites), *_contract(own))


def _check(own: Mapping[str, str]) -> None:
    faults = []
    for name in OWN_FIELDS:
        text = own.get(name, "")
        if not text.strip():
            faults.append((name, "is not given"))
        elif len(text) > TEXT_LENGTH_MAX or not text.isprintable():
            faults.append((name, f"expected up to {TEXT_LENGTH_MAX} printable characters"))
        elif "mail" in name and (text.count("@") != 1 or not all(text.split("@")) or " " in text):
            faults.append((name, "expected a mail address, NAME@HOST"))
    if faults:
        raise FieldsRefused(tuple(faults))


def _sites(environment: Environment, public_url: str) -> dict[Environment, str]:
    if environment is Environment.LOCAL:
        return {environment: public_url}
    registered = {owner: f"https://{host}" for host, owner in REGISTERED_HOSTS.items()}
    return {of: registered[of] for of in (Environment.PRODUCTION, Environment.DEVELOPMENT)} | {environment: public_url}


def _service() -> tuple[Field, ...]:
    section = ("サービス", "service")
    return (
        Field(*section, "サービス名", "name", "ReCORE", Whose.GIVEN),
        Field(*section, "サービス概要", "outline", "リユースに特化したクラウドPOSシステム", Whose.GIVEN),
        Field(
            *section,
            "API連携の目的",
            "purpose of the API link",
            "POSからの買取代金の支払い（支払方法の一つとして利用）",
            Whose.GIVEN,
        ),
    )


def _access() -> tuple[Field, ...]:
    section = ("アクセス", "access")
    return (
        Field(*section, "アクセスの種類", "kind of access", "プライベート接続: 一般", Whose.GIVEN),
        Field(*section, "アクセス対象口座の人格", "personality of the accessed account", "法人", Whose.GIVEN),
        Field(*section, "スコープ", "scopes", "口座、振込/振替", Whose.GIVEN),
        Field(*section, "リスクベース認証", "risk-based authentication", "利用しない", Whose.GIVEN),
        Field(*section, "連鎖接続先", "chained connection parties", "なし", Whose.GIVEN),
    )


def _connection(company_id: str, sites: Mapping[Environment, str]) -> tuple[Field, ...]:
    section = ("接続", "connection")
    fields = [
        Field(*section, "認可方式", "authorization method", "OAuth 2.0", Whose.GIVEN),
        Field(*section, "クライアント認証方式", "client authentication", "パラメーター認証", Whose.GIVEN),
    ]
    for of in sites:
        word, word_en = WORDS[of]
        fields += [
            Field(*section, f"{word}ドメイン", f"{word_en} domain", "（空欄 / left empty）", Whose.GIVEN),
            Field(
                *section, f"{word}IPアドレス", f"{word_en} IP addresses", "; ".join(SOURCE_NETWORKS[of]), Whose.GIVEN
            ),
        ]
    for of, public_url in sites.items():
        word, word_en = WORDS[of]
        url = redirect_uri_of(public_url, company_id)
        fields.append(Field(*section, f"{word}リダイレクトURL", f"{word_en} redirect URL", url, Whose.SHARED))
    return tuple(fields)


def _tests(own: Mapping[str, str], sites: Mapping[Environment, str]) -> tuple[Field, ...]:
    section = ("テスト", "test")
    mails = ("test_mail_corporation", "test_mail_individual")
    address = "; ".join(TEST_SITE_ADDRESS[of] for of in sites if of in TEST_SITE_ADDRESS)
    return (
        Field(*section, "テスト口座1", "test account 1", "法人", Whose.GIVEN),
        Field(*section, *OWN_FIELDS[mails[0]], own[mails[0]], Whose.OWN),
        Field(*section, "テスト口座2", "test account 2", "個人", Whose.GIVEN),
        Field(*section, *OWN_FIELDS[mails[1]], own[mails[1]], Whose.OWN),
        Field(*section, "テストサイトを開くIPアドレス", "address that may open the test site", address, Whose.GIVEN),
    )


def _contract(own: Mapping[str, str]) -> tuple[Field, ...]:
    section = ("契約", "contract")
    names = ("contract_name", "contact_name", "contact_mail")
    planned = "API利用、プライベート接続、更新系接続"
    return (
        Field(*section, "契約予定", "planned contract", planned, Whose.GIVEN),
        *(Field(*section, *OWN_FIELDS[name], own[name], Whose.OWN) for name in names),
    )


def as_json(company_id: str, fields: tuple[Field, ...], answers: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the whole document."""
    return {
        "document": "application-form",
        "company_id": company_id,
        "fields": [field.as_json() for field in fields],
        "security_answers": answers,
    }


def as_markdown(company_id: str, fields: tuple[Field, ...]) -> str:
    """Return the sheet for people: Japanese first."""
    lines = [
        f"# API利用申込 記入シート / Application sheet: {company_id}",
        "",
        "| 区分 / section | 項目 / item | 記入内容 / value | 記入者 / whose |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {field.section} / {field.section_en} | {field.item} / {field.item_en} | {_cell(field.value)} | "
        f"{WHOSE_WORDS[field.whose]} |"
        for field in fields
    ]
    return "\n".join([*lines, ""])


def _cell(value: str) -> str:
    return value.replace("|", "\\|")
