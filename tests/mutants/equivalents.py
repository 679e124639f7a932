"""Mutants that cannot be told from the original, each with the reason. A literal table; a row that rots is an error."""

# (module, function or class, changed lines before, after) → why no test can tell them apart
EQUIVALENTS: dict[tuple[str, str, str, str], str] = {}
