"""Make sure that a Chromium and a Japanese font are there for the browser tests; install them where we may.

Nothing to do when `CHROMIUM` names a browser, or one is on the path. Otherwise, as root on Debian or Ubuntu,
the packages chromium and fonts-noto-cjk are installed; anywhere else one line says what to do.
"""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
PACKAGES = ("chromium", "fonts-noto-cjk")


def find_chromium() -> str | None:
    """Return the path of a Chromium or Chrome: the one CHROMIUM names, or the first on the path."""
    named = os.environ.get("CHROMIUM")
    if named:
        return shutil.which(named)
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def main() -> int:
    """Return 0 when a browser is there in the end."""
    if find_chromium():
        return 0
    if os.environ.get("CHROMIUM"):
        print(f"CHROMIUM names {os.environ['CHROMIUM']!r}, which is no program: set it to a Chromium", file=sys.stderr)
        return 2
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("installing chromium and fonts-noto-cjk for the browser tests ...", file=sys.stderr)
        quiet = {"stdout": subprocess.DEVNULL, "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}}
        subprocess.run(["apt-get", "update", "-qq"], check=True, **quiet)
        subprocess.run(["apt-get", "install", "-y", "-qq", *PACKAGES], check=True, **quiet)
        if find_chromium():
            return 0
    print(
        "the browser tests need a Chromium: install one (Debian: sudo apt-get install chromium fonts-noto-cjk) "
        "or set CHROMIUM to its path",
        file=sys.stderr,
    )
    return 2


if __name__ == "__main__":
    sys.exit(main())
