"""`python -m tests.mutants.sources`: a fingerprint of everything that a hunt depends on.

A report that carries another fingerprint speaks of other programs or of other tests.
"""

import hashlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLACES = ("contracts", "integrator", "mock_gmo", "tests")
KINDS = frozenset({".py", ".yaml", ".json", ".html"})


def fingerprint(root: Path = ROOT) -> str:
    """Return the SHA-256 over the names and contents of all sources, as hexadecimal digits."""
    digest = hashlib.sha256()
    for place in PLACES:
        for path in sorted((root / place).rglob("*")):
            if path.suffix in KINDS and path.is_file():
                digest.update(f"{path.relative_to(root)}\n".encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


if __name__ == "__main__":
    print(fingerprint())
