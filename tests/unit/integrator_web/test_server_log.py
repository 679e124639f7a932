"""What the server itself may say about a request that it could not read: nothing of the request."""

import logging

import pytest

from integrator.app import without_request_text


@pytest.mark.parametrize(
    ("message", "arguments"),
    [
        ("Invalid request from ip=%s: %s", ("127.0.0.1", "Invalid HTTP Header: 'Authorization Bearer rk_KEYINCLEAR'")),
        ("Error handling request %s", ("/refresh_token/shop-0001?code=CODEINCLEAR",)),
    ],
)
def test_the_servers_complaint_holds_nothing_of_the_request(message: str, arguments: tuple[str, ...]) -> None:
    record = logging.LogRecord("gunicorn.error", logging.WARNING, "", 0, message, arguments, None)

    assert without_request_text(record)
    assert "INCLEAR" not in record.getMessage()


def test_other_words_of_the_server_pass() -> None:
    record = logging.LogRecord("gunicorn.error", logging.WARNING, "", 0, "Worker exiting (pid: %s)", (7,), None)

    assert without_request_text(record)
    assert record.getMessage() == "Worker exiting (pid: 7)"
