"""What must hold between answers: an inquiry changes nothing, and pages end, go on, and do not repeat themselves.

Pure: answers come in, differences go out.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from mock_gmo.verify.cases import at_pointer
from mock_gmo.verify.documents import Link
from mock_gmo.verify.judging import Difference, pointer

PAGES_MAX: Final = 20
KEY: Final = "nextItemKey"
OF_THE_MOMENT: Final = frozenset({"baseDate", "baseTime"})  # when the bank answered; all else is told again
FROM_BODY: Final = "$response.body#"


def key_place(link: Link) -> str | None:
    """Return the pointer at which an answer holds the key of its next page; None for a link to something else."""
    value = str(link.parameters.get(KEY, ""))
    return value.removeprefix(FROM_BODY) if value.startswith(FROM_BODY) else None


def next_key(body: Any, place: str) -> str | None:
    """Return the key of the next page."""
    found = at_pointer(body, place)
    return found if isinstance(found, str) and found else None


def changed(first: Any, second: Any, *, tag: str) -> list[Difference]:
    """Return where two answers to the same inquiry differ, but for the time of the answer; at most one place."""
    place = next(_changes(first, second, ()), None)
    if place is None:
        return []
    return [Difference(pointer(place), "the same answer to the same inquiry", "another one", tag)]


def flag_and_key(body: Any, place: str, *, tag: str) -> list[Difference]:
    """A page has a key exactly when it says that more follow."""
    holder = at_pointer(body, place.rpartition("/")[0]) if place.count("/") > 1 else body
    if not isinstance(holder, Mapping) or "hasNext" not in holder:
        return []
    has_next, has_key = holder["hasNext"], KEY in holder
    if has_next in (True, "true") and not has_key:
        return [Difference(place, "present while hasNext is true", "absent", tag)]
    if has_next in (False, "false") and has_key:
        return [Difference(place, "absent when hasNext is false", "present", tag)]
    return []


def repeats(pages: list[Any], *, tag: str) -> list[Difference]:
    """Return what a later page has that an earlier one had: a line of a list, told once."""
    seen: set[tuple[str, str]] = set()
    for number, page in enumerate(pages, start=1):
        here = list(_lines(page))
        for name, line in here:
            if number > 1 and (name, line) in seen:
                return [Difference(f"/{name}", "lines that no earlier page had", f"one again on page {number}", tag)]
        seen.update(here)
    return []


def endless(count: int, *, tag: str) -> list[Difference]:
    """Pages did not end, or a key led to itself."""
    return [Difference(f"/{KEY}", "pages that end", f"{count} pages and no end", tag)]


def _lines(page: Any) -> Iterator[tuple[str, str]]:
    # A list that describes the search, not what was found, has the key of the next page in it.
    for name, value in page.items() if isinstance(page, Mapping) else ():
        if isinstance(value, list) and not any(isinstance(it, Mapping) and "hasNext" in it for it in value):
            yield from ((name, json.dumps(line, sort_keys=True)) for line in value)


def _changes(first: Any, second: Any, place: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        for name in dict.fromkeys((*first, *second)):
            if name in OF_THE_MOMENT:
                continue
            if name not in first or name not in second:
                yield (*place, name)
            else:
                yield from _changes(first[name], second[name], (*place, name))
    elif isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        for index, (one, other) in enumerate(zip(first, second, strict=True)):
            yield from _changes(one, other, (*place, index))
    elif first != second or type(first) is not type(second):
        yield place
