"""The fields of a call against the contract: one complaint at a time, in the order of the bank's tables.

An absent, an empty and a null value are the same thing, at every depth. Rules of the bank (accounts, totals,
days) are not asked here.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from werkzeug.datastructures import Headers

from mock_gmo.contract import Field
from mock_gmo.errors import Refused

QUERY_FIELDS_MAX = 1_000
_EMPTY = (None, "")
_INDEXED = re.compile(r"(?P<name>[^\[\]]+)\[(?P<index>[0-9]{0,4})\]")


def read_query(query_string: bytes) -> dict[str, list[str]]:
    """Return every value of every query parameter, in order. Bytes that are no UTF-8 become U+FFFD and fit nothing."""
    try:
        pairs = parse_qsl(
            query_string.decode("latin-1"), keep_blank_values=True, max_num_fields=QUERY_FIELDS_MAX, errors="replace"
        )
    except ValueError:
        return {}
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return values


def check_query(fields: Sequence[Field], values: Mapping[str, list[str]], *, strict: bool) -> dict[str, Any]:
    """Return the values that are there, checked. Raises Refused with the first complaint.

    Lists come as repeated keys, with commas, or as `name[]`, `name[0]`. A name that clients confuse with the field's
    own is ignored, and refused when `strict`.
    """
    read: dict[str, Any] = {}
    for field in fields:
        if strict and (confused := [value for name in field.confused_names for value in values.get(name, ()) if value]):
            raise _refused("field_invalid", field, confused)
        if field.is_list:
            if found := _list_values(field, values):
                read[field.name] = found
            continue
        present = [value for value in values.get(field.name, ()) if value != ""]
        if len(set(present)) > 1:
            raise _refused("field_invalid", field, present)
        if present:
            read[field.name] = field.other_forms.get(present[0], present[0])
    return _checked(fields, read, strict=strict)


def check_headers(fields: Sequence[Field], headers: Headers) -> dict[str, str]:
    """Return the header fields that the operation knows and that have a value. Raises Refused."""
    read = {field.name: value for field in fields if (value := headers.get(field.name))}
    return _checked(fields, read, strict=True)


def check_body(fields: Sequence[Field], content: Mapping[str, Any], *, strict: bool) -> dict[str, Any]:
    """Return the members that the operation knows, checked, numbers turned into their digits. Raises Refused."""
    read = {field.name: value for field in fields if (value := content.get(field.name)) not in _EMPTY}
    return _checked(fields, read, strict=strict)


def _checked(fields: Sequence[Field], read: dict[str, Any], *, strict: bool) -> dict[str, Any]:
    for field in fields:
        name = field.name
        if name in read:
            if not field.is_free and _is_out_of_place(field, read):
                raise _refused("field_not_allowed", field, read[name])
            value = read[name]
            # Nearly every value is a text that fits; the long way is for the others.
            if not (field.is_text and type(value) is str and field.fits(value)):
                read[name] = value = _fitting(field, value, strict=strict)
            if field.not_before is not None and field.not_before in read and value < read[field.not_before]:
                raise Refused("period_reversed", label=field.label.removesuffix("To"), field=name, came=value)
        elif field.is_required or (field.required_with and _holds(field.required_with, read)):
            raise _refused("field_missing", field)
    return read


def _is_out_of_place(field: Field, read: Mapping[str, Any]) -> bool:
    return (
        field.is_forbidden
        or bool(field.only_with and not _holds(field.only_with, read))
        or bool(field.not_with and _holds(field.not_with, read))
    )


def _holds(conditions: Sequence[tuple[str, str]], read: Mapping[str, Any]) -> bool:
    return all(read.get(name) == value for name, value in conditions)


def _fitting(field: Field, value: Any, *, strict: bool) -> Any:
    if field.line_fields:
        return _lines(field, value, strict=strict)
    if field.is_list:
        if not all(field.fits(item) for item in value):
            raise _refused("field_invalid", field, value)
        return value
    if type(value) is int:
        if not field.takes_integers and not (field.takes_integers_leniently and not strict):
            raise _refused("field_invalid", field, value)
        if field.takes_integers and not field.fits(value):
            raise _refused("field_invalid", field, value)
        value = str(value)
    if not isinstance(value, str) or not field.fits(value):
        raise _refused("field_invalid", field, value)
    return value


def _lines(field: Field, value: Any, *, strict: bool) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise _refused("field_invalid", field, value)
    if not value and field.is_required:
        raise _refused("field_missing", field)
    if field.lines_max and len(value) > field.lines_max:
        raise _refused("field_invalid", field, value)
    lines: list[dict[str, Any]] = []
    for line in value:
        if not isinstance(line, dict):
            raise _refused("field_invalid", field, value)
        try:
            lines.append(check_body(field.line_fields, line, strict=strict))
        except Refused as refused:
            refused.field = f"{field.name}[{len(lines)}].{refused.field}"
            raise
    return lines


def _refused(refusal_id: str, field: Field, came: Any = None) -> Refused:
    return Refused(refusal_id, label=field.label, field=field.name, came=came)


def _list_values(field: Field, values: Mapping[str, list[str]]) -> list[str]:
    found = [value for value in values.get(field.name, ()) if value != ""]
    split = [part for value in found for part in value.split(",") if part != ""]
    for name, indexed in values.items():
        match = _INDEXED.fullmatch(name)
        if match is not None and match["name"] == field.name:
            split.extend(part for value in indexed for part in value.split(",") if part != "")
    return split
