"""The check that README gives to ReCORE's developers, run as it stands there."""

import re
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from integrator.domain.callback import signature

README = Path(__file__).resolve().parents[3] / "README.md"
SECRET = "whsec_" + "A" * 40
OTHER = "whsec_" + "B" * 40
BODY = '{"event_id":"ev_1","title":"店頭買取"}'.encode()
NOW = 1_775_012_400


@pytest.fixture
def is_genuine(tmp_path: Path) -> Callable[..., bool]:
    (snippet,) = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    file = tmp_path / "snippet.py"
    file.write_text(snippet, "utf-8")
    found: Callable[..., bool] = runpy.run_path(str(file))["is_genuine"]
    return found


def headers(*secrets: str, **changed: str) -> dict[str, Any]:
    signatures = [signature(secret, event_id="ev_1", timestamp=NOW, body=BODY) for secret in secrets]
    written = {"webhook_id": "ev_1", "webhook_timestamp": str(NOW), "webhook_signature": " ".join(signatures)}
    return {name.replace("_", "-"): value for name, value in {**written, **changed}.items()}


def test_what_we_sign_is_genuine_also_while_a_secret_is_replaced(is_genuine: Callable[..., bool]) -> None:
    assert is_genuine([SECRET], headers(SECRET), BODY, NOW)
    assert is_genuine([SECRET], headers(OTHER, SECRET), BODY, NOW + 200)
    assert is_genuine([OTHER, SECRET], headers(SECRET), BODY, NOW)


def test_anything_changed_is_not(is_genuine: Callable[..., bool]) -> None:
    assert not is_genuine([SECRET], headers(OTHER), BODY, NOW)
    assert not is_genuine([SECRET], headers(SECRET), BODY + b" ", NOW)
    assert not is_genuine([SECRET], headers(SECRET, webhook_id="ev_2"), BODY, NOW)
    assert not is_genuine([SECRET], headers(SECRET, webhook_timestamp=str(NOW + 1)), BODY, NOW)
    assert not is_genuine([SECRET], headers(SECRET), BODY, NOW + 301)
