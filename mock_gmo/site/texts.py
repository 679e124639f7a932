"""The words of the pages that code chooses: Japanese first, English beside. Fixed words stand in the templates."""

from dataclasses import dataclass
from typing import Final

from mock_gmo.bank.transfers import TransferKind


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in both languages."""

    ja: str
    en: str


# What each scope lets the client do, in the words of the bank's screens.
SCOPE_TEXTS: Final[dict[str, Text]] = {
    "private:account": Text("口座情報（残高・入出金明細）の照会", "View accounts, balances and statements"),
    "private:transfer": Text("振込・振替の依頼と照会", "Request and view transfers"),
    "private:bulk-transfer": Text("総合振込の依頼と照会", "Request and view bulk transfers"),
    "private:virtual-account": Text("振込入金口座の発行と照会", "Issue and view virtual accounts"),
    "corp:account": Text("口座情報（残高・入出金明細）の照会", "View accounts, balances and statements"),
    "corp:transfer": Text("振込・振替の依頼と照会", "Request and view transfers"),
    "corp:bulk-transfer": Text("総合振込の依頼と照会", "Request and view bulk transfers"),
    "corp:virtual-account": Text("振込入金口座の発行と照会", "Issue and view virtual accounts"),
    "personal:account": Text("口座情報（残高・入出金明細）の照会", "View accounts, balances and statements"),
    "personal:transfer": Text("振込・振替の依頼と照会", "Request and view transfers"),
    "personal:bulk-transfer": Text("総合振込の依頼と照会", "Request and view bulk transfers"),
    "personal:virtual-account": Text("振込入金口座の発行と照会", "Issue and view virtual accounts"),
    "openid": Text("お客さまの識別", "Know who you are"),
    "offline_access": Text("次回からのログインなしでの継続利用", "Keep access without a new log-in"),
}

ACCOUNT_TYPE_TEXTS: Final[dict[str, Text]] = {
    "01": Text("普通預金（有利息）", "Ordinary account"),
    "02": Text("普通預金（決済用）", "Settlement account"),
}

# What waits for its holder or its approver.
TRANSFER_KIND_TEXTS: Final[dict[TransferKind, Text]] = {
    TransferKind.SINGLE: Text("振込", "transfer"),
    TransferKind.BULK: Text("総合振込", "bulk transfer"),
}

# The account that a transfer goes to. Source: Corporation API, transfers, accountTypeCode.
BENEFICIARY_ACCOUNT_TEXTS: Final[dict[str, Text]] = {
    "1": Text("普通", "ordinary"),
    "2": Text("当座", "current"),
    "4": Text("貯蓄", "savings"),
    "9": Text("その他", "other"),
}

# Pages that end a visit, by reason: status, heading, what to do next.
ERROR_TEXTS: Final[dict[str, tuple[int, Text, Text]]] = {
    "client_unknown": (
        400,
        Text("ご利用のサービスを確認できません", "The service is not known"),
        Text(
            "クライアントIDが登録されていません。サービスの提供元にお問い合わせください。",
            "Its client id is not registered. Please ask the provider of the service.",
        ),
    ),
    "redirect_uri_unknown": (
        400,
        Text("戻り先のURLを確認できません", "The return address is not known"),
        Text(
            "リダイレクトURLが登録されたものと一致しません。サービスの提供元にお問い合わせください。",
            "The redirect URL is not exactly a registered one. Please ask the provider of the service.",
        ),
    ),
    "request_unknown": (
        400,
        Text("お手続きを続けられません", "This request cannot go on"),
        Text(
            "お手続きは完了しているか、有効期限が切れています。ご利用のサービスからやり直してください。",
            "It is finished or has expired. Please start again from the service you are using.",
        ),
    ),
    "form_outdated": (
        400,
        Text("画面の有効期限が切れました", "The page is out of date"),
        Text(
            "前の画面に戻って開き直し、もう一度お試しください。",
            "Please go back, open the page again and try once more.",
        ),
    ),
    "address_not_allowed": (
        403,
        Text("接続元が許可されていません", "Your address is not allowed"),
        Text(
            "このサイトは登録されたIPアドレスからのみご利用いただけます。",
            "This site answers to registered IP addresses only.",
        ),
    ),
    "page_unknown": (
        404,
        Text("ページが見つかりません", "There is no such page"),
        Text(
            "URLをお確かめください。",
            "Please check the address.",
        ),
    ),
    "method_unknown": (
        405,
        Text("この操作はできません", "The page cannot be used this way"),
        Text(
            "前の画面に戻って、もう一度お試しください。",
            "Please go back and try once more.",
        ),
    ),
    "failure_inside": (
        500,
        Text("システムエラーが発生しました", "Something failed inside"),
        Text(
            "お手続きの状態を確認待ちの画面でお確かめください。",
            "Please look at what waits for you to see where your request stands.",
        ),
    ),
}

WRONG_LOGIN: Final = Text(
    "お客さま番号またはログインパスワードが正しくありません。",
    "The customer number or the log-in password is not right.",
)
WRONG_TRANSACTION_PASSWORD: Final = Text(
    "取引パスワードが正しくありません。お手続きは行われていません。",
    "The transaction password is not right. Nothing was done.",
)
NOT_WAITING: Final = Text(
    "このお手続きは期限切れか、すでに確定済みです。",
    "This request has expired or was confirmed already.",
)
NOT_APPROVABLE: Final = Text(
    "この申請は期限切れか、すでに承認・差戻・取下げ済みです。",
    "This application has expired, or was approved, sent back or withdrawn already.",
)
LOGIN_ENDED: Final = Text(
    "ログインの有効期限が切れました。もう一度ログインしてください。",
    "Your log-in has ended. Please log in again.",
)

# What was done, by the category of Flask's message, which itself is the apply number.
DONE_TEXTS: Final[dict[str, Text]] = {
    "confirmed": Text("お手続きを確定しました。", "Confirmed."),
    "confirmed_to_approver": Text(
        "お手続きを確定しました。承認者の承認をお待ちください。", "Confirmed. It now waits for the approver."
    ),
    "approved": Text("申請を承認しました。", "Approved."),
    "sent_back": Text("申請を差し戻しました。", "Sent back."),
}

CONFIRMATIONS: Final = Text("確認待ち", "To confirm")
APPROVALS: Final = Text("承認待ち", "To approve")
