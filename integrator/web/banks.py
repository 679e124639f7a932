"""The resource banks: the directory that a person chooses a beneficiary's bank and branch from."""

from typing import Any

from flask import Blueprint

from integrator.directory import Directory, Entry, Search
from integrator.web.serving import Call, Door, Reply


def blueprint(door: Door, directory: Directory) -> Blueprint:
    """Return the blueprint of listBanks and listBranches."""

    def banks(call: Call) -> Reply:
        found, cursor = directory.banks(_search(call), after=call.text("cursor"), limit=call.parameters["limit"])
        return Reply(200, _page({"banks": [_entry_json(bank) for bank in found]}, cursor))

    def branches(call: Call) -> Reply:
        code = call.parameters["bank_code"]
        found, cursor = directory.branches(
            code, _search(call), after=call.text("cursor"), limit=call.parameters["limit"]
        )
        bank = directory.bank(code)
        assert bank is not None, "a bank with branches is in the directory"
        members = {"bank": _entry_json(bank), "branches": [_entry_json(branch) for branch in found]}
        return Reply(200, _page(members, cursor))

    return door.blueprint("banks", {"listBanks": banks, "listBranches": branches})


def _search(call: Call) -> Search:
    return Search(code=call.text("code"), name=call.text("name"), kana=call.text("kana"))


def _entry_json(entry: Entry) -> dict[str, str]:
    return {"code": entry.code, "name": entry.name, "name_kana": entry.name_kana}


def _page(members: dict[str, Any], cursor: str | None) -> dict[str, Any]:
    return members if cursor is None else {**members, "next_cursor": cursor}
