"""Reports as files of one folder: written whole or not at all, readable by their owner only."""

import os
from collections.abc import Mapping
from pathlib import Path


class ReportsUnwritable(Exception):
    """The folder cannot take the reports. The message says which path and why."""


def write_files(folder: Path, contents: Mapping[str, bytes]) -> list[Path]:
    """Write each content under its name, replacing what was there; return the paths. Raises ReportsUnwritable."""
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            path, beside = folder / name, folder / f".{name}.new"
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            beside.replace(path)
            written.append(path)
    except OSError as unwritable:
        raise ReportsUnwritable(f"{folder} cannot be written: {unwritable.strerror or unwritable}") from unwritable
    return written
