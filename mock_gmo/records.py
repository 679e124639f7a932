"""A file of records, each a line with its checksum: written at the end only, read back up to what broke off.

What a record says is not asked.
"""

import os
import zlib
from typing import Final

CHECKSUM_DIGITS: Final = 8
SEPARATOR: Final = b" "
LINE_END: Final = b"\n"


class RecordsDamaged(ValueError):
    """A record is not as it was written: more is lost than a record that nobody has waited for."""


def write_record(content: bytes) -> bytes:
    """Return the line of one record, whose content has no line end in it."""
    assert LINE_END not in content, "one record is one line"
    return b"%0*x" % (CHECKSUM_DIGITS, zlib.crc32(content)) + SEPARATOR + content + LINE_END


def read_records(written: bytes) -> list[bytes]:
    """Return the contents of all records. What follows the last line end has broken off, and is left out.

    A record is only begun when the one before is safe, and its line end comes last: so nothing else can be missing.
    Raises RecordsDamaged when a record is not as it was written.
    """
    *lines, rest = written.split(LINE_END)
    # With its line end changed, the last record would seem to have broken off.
    contents = [_content(line) for line in (*lines, *([rest] if _content(rest[:-1]) is not None else ()))]
    if None in contents:
        raise RecordsDamaged(f"record {contents.index(None) + 1} of {len(contents)} is damaged")
    return [content for content in contents if content is not None]


def append(descriptor: int, record: bytes) -> None:
    """Return once the record is on the disk. Raises OSError; then what stands at the end is not known."""
    left = memoryview(record)
    while left:
        left = left[os.write(descriptor, left) :]
    os.fsync(descriptor)


def _content(line: bytes) -> bytes | None:
    checksum, separator, content = line.partition(SEPARATOR)
    if not separator or checksum != b"%0*x" % (CHECKSUM_DIGITS, zlib.crc32(content)):
        return None
    return content
