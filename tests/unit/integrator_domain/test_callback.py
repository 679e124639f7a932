"""Which addresses a callback may go to, and how it is signed."""

from datetime import timedelta
from string import ascii_lowercase, ascii_uppercase, digits

import pytest

from integrator.domain.callback import (
    BASE64_ALPHABET,
    OVERLAP,
    SECRET_CHARACTERS,
    WAITS_SECONDS,
    CallbackURLRefused,
    check_url,
    may_connect,
    signature,
    wait_after,
)

LONGEST_NAME = ".".join(["x" * 63] * 3 + ["y" * 53, "example"])  # 253 characters
PUBLIC = "13.113.217.217"  # an address of our own registration, so it is nobody else's


@pytest.mark.parametrize(
    "url",
    [
        "https://recore.example/bank/events",
        "https://recore.example:8443/bank/events?shop=1",
        "https://RECORE.example",
        "https://xn--eckwd4c7c.example/hook",
        f"https://{PUBLIC}/hook",
    ],
)
@pytest.mark.parametrize("is_local", [True, False])
def test_a_public_https_address_is_taken_everywhere(url: str, is_local: bool) -> None:
    check_url(url, is_local=is_local)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8330/hook", "http://localhost:8330/hook", "http://[::1]:8330/hook", "https://127.0.0.1/hook"],
)
def test_this_machine_is_taken_in_local_only(url: str) -> None:
    check_url(url, is_local=True)
    with pytest.raises(CallbackURLRefused):
        check_url(url, is_local=False)


@pytest.mark.parametrize(
    "url",
    [
        "http://recore.example/hook",
        f"http://{PUBLIC}/hook",
        "ftp://recore.example/hook",
        "https:///hook",
        "https://recore/hook",
        "https://recore.local/hook",
        "https://router.home.arpa/hook",
        "https://recore.example.1/hook",
        "https://recore.example./hook",
        "https://user@recore.example/hook",
        "https://:secret@recore.example/hook",
        "https://[2001:0:a00:1::]/hook",
        "https://db.internal/hook",
        "https://app.localhost/hook",
        "https://10.0.0.1/hook",
        "https://172.16.0.1/hook",
        "https://192.168.1.1/hook",
        "https://169.254.169.254/latest/meta-data/",
        "https://100.100.100.200/hook",
        "https://168.63.129.16/hook",
        "https://0.0.0.0/hook",
        "https://255.255.255.255/hook",
        "https://224.0.0.1/hook",
        "https://[fe80::1]/hook",
        "https://[fd00:ec2::254]/hook",
        "https://[::ffff:10.0.0.1]/hook",
        "https://[64:ff9b::a00:1]/hook",
        "https://[2002:a00:1::]/hook",
        "https://[::]/hook",
        "https://2130706433/hook",
        "https://0x7f.0.0.1/hook",
        "https://127.1/hook",
        "https://recore.example:0/hook",
        "https://recore.example:99999/hook",
        "https://user:secret@recore.example/hook",
        "https://recore.example/hook#fragment",
        "https://recore.example/hook#",
        "https://recore.example\\@10.0.0.1/hook",
        "https://recore.example/\nhook",
        "https://recore.example/ほっく",
        "https://recore.example/" + "x" * 512,
        "",
    ],
)
@pytest.mark.parametrize("is_local", [True, False])
def test_anything_else_is_refused_without_being_repeated(url: str, is_local: bool) -> None:
    with pytest.raises(CallbackURLRefused) as refused:
        check_url(url, is_local=is_local)

    assert refused.value.expected.startswith("https://HOST/PATH")
    assert not url or url not in str(refused.value)


@pytest.mark.parametrize(
    ("address", "is_local", "is_encrypted", "may"),
    [
        (PUBLIC, False, True, True),
        (PUBLIC, True, True, True),
        (PUBLIC, True, False, False),
        ("127.0.0.1", True, False, True),
        ("127.0.0.1", False, True, False),
        ("::ffff:127.0.0.1", False, True, False),
        ("::1", True, False, True),
        ("fe80::1%eth0", True, True, False),
        ("10.1.2.3", True, True, False),
        (f"{PUBLIC}%eth0", False, True, True),
        ("2606:4700:4700::1111", False, True, True),
        ("64:ff9b::a00:1", False, True, False),
        ("2001:0:a00:1::", False, True, False),
        ("2002:a00:1::", False, True, False),
        ("not an address", True, True, False),
    ],
)
def test_the_address_behind_a_name_is_judged_by_itself(
    address: str, is_local: bool, is_encrypted: bool, may: bool
) -> None:
    assert may_connect(address, is_local=is_local, is_encrypted=is_encrypted) is may


def test_the_signature_is_that_of_standard_webhooks() -> None:
    signed = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        event_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body=b'{"test": 2432232314}',
    )

    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("secret", ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!", "whsec_Mf KQ"])
def test_a_secret_with_a_foreign_character_signs_nothing(secret: str) -> None:
    with pytest.raises(ValueError, match="base64"):
        signature(secret, event_id="msg", timestamp=1, body=b"")


def test_waits_grow_and_the_last_one_repeats() -> None:
    assert [wait_after(failures).total_seconds() for failures in range(1, 10)] == [
        5,
        15,
        60,
        300,
        900,
        1800,
        3600,
        3600,
        3600,
    ]
    assert len(WAITS_SECONDS) == 7


def test_secrets_are_made_of_thirty_bytes_and_the_old_one_signs_for_a_day() -> None:
    assert SECRET_CHARACTERS * 6 == 30 * 8
    assert ascii_uppercase + ascii_lowercase + digits + "+/" == BASE64_ALPHABET
    assert timedelta(days=1) == OVERLAP


@pytest.mark.parametrize(
    ("url", "came"),
    [
        ("https://recore.example/" + "x" * 490, "513 characters"),
        ("https://recore.example/ x", "a space, a backslash or a character outside ASCII"),
        ("https://recore.example/\\x", "a space, a backslash or a character outside ASCII"),
        ("https://recore.example:99999/", "no URL"),
        ("ftp://recore.example/", "no https URL with a host"),
        ("https:///hook", "no https URL with a host"),
        ("https://user@recore.example/", "a log-in in the URL"),
        ("https://recore.example/#", "a fragment in the URL"),
        ("https://recore.example/#x", "a fragment in the URL"),
        ("https://recore.example:0/", "port 0"),
        ("https://recore/", "a host that is no public name"),
        (f"https://{LONGEST_NAME}e/", "a host that is no public name"),
        ("http://recore.example/", "http"),
        (f"http://{PUBLIC}/", "http"),
        ("http://10.0.0.1/", "an address that is not public"),
        ("https://10.0.0.1/", "an address that is not public"),
    ],
)
def test_a_refusal_says_what_was_wrong(url: str, came: str) -> None:
    with pytest.raises(CallbackURLRefused) as refused:
        check_url(url, is_local=False)
    assert refused.value.came == came


def test_a_refusal_says_what_is_expected_and_in_local_that_this_machine_is_taken_too() -> None:
    public = "https://HOST/PATH, at most 512 characters, HOST a public name or address"

    assert str(CallbackURLRefused("http", is_local=False)) == f"expected {public}, came http"
    assert CallbackURLRefused("http", is_local=True).expected == (
        f"{public}; in the environment local also http on this machine"
    )


@pytest.mark.parametrize("url", ["https://recore.example/" + "x" * 489, f"https://{LONGEST_NAME}/"])
def test_the_longest_url_and_the_longest_name_are_taken(url: str) -> None:
    check_url(url, is_local=False)
