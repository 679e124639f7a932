"""Mutants that cannot be told from the original, each with the reason. A literal table; a row that rots is an error."""

# (module, function or class, changed lines before, after) → why no test can tell them apart
EQUIVALENTS: dict[tuple[str, str, str, str], str] = {
    (
        "integrator/domain/batch.py",
        "fitting",
        "break",
        "continue",
    ): "amounts are above zero, so a total that is over the limit stays over it",
    (
        "integrator/domain/callback.py",
        "",
        '_CARRIERS = tuple(ipaddress.ip_network(text) for text in ("64:ff9b::/96", "2001::/32", "2002::/16"))',
        '_CARRIERS = tuple(ipaddress.ip_network(text) for text in (*(), "2001::/32", "2002::/16"))',
    ): "Python itself calls these addresses reserved; the row does not rely on that",
    (
        "integrator/domain/callback.py",
        "",
        '_CARRIERS = tuple(ipaddress.ip_network(text) for text in ("64:ff9b::/96", "2001::/32", "2002::/16"))',
        '_CARRIERS = tuple(ipaddress.ip_network(text) for text in ("64:ff9b::/96", *(), "2002::/16"))',
    ): "Python itself calls these addresses private; the row does not rely on that",
    (
        "integrator/domain/kana.py",
        "",
        '**dict.fromkeys("ー－‐‑‒–—―−ｰ", "-"),',
        "**dict.fromkeys(('XXー－‐‑‒–—―−ｰXX'), \"-\"),",
    ): "the X that it adds gets its own row further down",
    (
        "integrator/domain/kana.py",
        "",
        '_SIGNS = "()-./,\\\\¥ "',
        "_SIGNS = ('XX()-./,\\\\¥ XX')",
    ): "the X that it adds has the same row already",
    (
        "integrator/domain/kana.py",
        "",
        '**{letter: letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"},',
        "**{letter: letter for letter in ('XXABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789XX')},",
    ): "the X that it adds has the same row already",
    (
        "integrator/domain/reconciliation.py",
        "_match_marks",
        'payout = by_mark.get(line.mark or "")',
        "payout = by_mark.get(line.mark or ('XXXX'))",
    ): "a line without a mark must find nobody, and no mark is written so",
    (
        "mock_gmo/bank/fixed_point.py",
        "write_decimal",
        'decimals = f"{part:0{places}}".rstrip("0") or "0"',
        'decimals = f"{part:0{places}}".rstrip((\'XX0XX\')) or "0"',
    ): "only digits come, so the X that it would take away is never there",
    (
        "mock_gmo/bank/kana.py",
        "",
        '**{letter: letter.upper() for letter in "abcdefghijklmnopqrstuvwxyz"},',
        "**{letter: letter.upper() for letter in ('XXabcdefghijklmnopqrstuvwxyzXX')},",
    ): "the X that it adds becomes what it was or has the same row already",
    (
        "mock_gmo/bank/kana.py",
        "",
        '**{chr(ord(c) + _FULL_WIDTH_ASCII): c.upper() for c in "abcdefghijklmnopqrstuvwxyz"},',
        "**{chr(ord(c) + _FULL_WIDTH_ASCII): c.upper() for c in ('XXabcdefghijklmnopqrstuvwxyzXX')},",
    ): "the X that it adds becomes what it was or has the same row already",
    (
        "mock_gmo/bank/kana.py",
        "",
        '**{chr(ord(c) + _FULL_WIDTH_ASCII): c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789(),/\\\\"},',
        "**{chr(ord(c) + _FULL_WIDTH_ASCII): c for c in ('XXABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789(),/\\\\XX')},",
    ): "the X that it adds has the same row already",
    (
        "mock_gmo/bank/rules.py",
        "ClosedHours.parse",
        'weekday, _, hours = text.strip().partition(" ")',
        "weekday, _, hours = (text.strip().rpartition(' '))",
    ): "with a second space both ways are refused with the same message, by the day or by the hours",
    (
        "mock_gmo/bank/rules.py",
        "ClosedHours.parse",
        'start, _, end = hours.partition("-")',
        "start, _, end = (hours.rpartition('-'))",
    ): "with a second hyphen both ways are refused with the same message, by a zone or by the hours",
    (
        "mock_gmo/bank/rules.py",
        "ClosedHours.covers",
        "if self.start < self.end:",
        "if (self.start <= self.end):",
    ): "a start that is the end is refused before",
    (
        "mock_gmo/testing/verdict.py",
        "_width",
        'return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)',
        "return sum(2 if unicodedata.east_asian_width(letter) in ('XXWFXX') else 1 for letter in text)",
    ): "no letter's width is called X",
}
