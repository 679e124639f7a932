"""The measure of the gateway: Flask routes that give fixed bytes and do nothing else, under the mock bank's own server.

`--replies FILE` names a JSON list of {"method","path","status","content_type","body"}.
"""

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from flask import Flask, Response

from mock_gmo.server import listen, serve


def create_bare_app(replies: list[Mapping[str, Any]]) -> Flask:
    """Return an application with one plain route a reply."""
    app = Flask("bare", static_folder=None)
    for number, reply in enumerate(replies):
        app.add_url_rule(reply["path"], f"reply{number}", _view(reply), methods=[reply["method"]])
    return app


def _view(reply: Mapping[str, Any]) -> Callable[[], Response]:
    content, status, content_type = reply["body"].encode(), reply["status"], reply["content_type"]

    def answer() -> Response:
        return Response(content, status, content_type=content_type)

    return answer


def main() -> None:
    """Serve until a signal comes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replies", type=Path, required=True)
    parser.add_argument("--ready-file", type=Path, required=True)
    arguments = parser.parse_args()
    app = create_bare_app(json.loads(arguments.replies.read_text(encoding="utf-8")))
    serve(app, listen("127.0.0.1", 0), ready_file=arguments.ready_file, ready=lambda _url: None)


if __name__ == "__main__":
    main()
