"""`python -m contracts NAME`: print a document as one whole file, in YAML or as JSON, for tools outside."""

import json
import sys
from argparse import ArgumentParser

import yaml

import contracts


def main() -> int:
    """Print the document that the arguments name; return the exit code."""
    parser = ArgumentParser(prog="python -m contracts", description="Print a contract as one whole document.")
    parser.add_argument("name", choices=contracts.DOCUMENTS)
    parser.add_argument("--json", action="store_true", help="JSON in place of YAML")
    arguments = parser.parse_args()
    document = contracts.load(arguments.name)
    if arguments.json:
        json.dump(document, sys.stdout, ensure_ascii=False, indent=2)
        sys.stdout.write("\n")
    else:
        yaml.dump(document, sys.stdout, Dumper=_Plain, allow_unicode=True, sort_keys=False, width=120)
    return 0


class _Plain(yaml.SafeDumper):
    """Writes everything where it stands, without anchors: other tools read that more willingly."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002  (the library asks for every object)
        return True


if __name__ == "__main__":
    sys.exit(main())
