"""Keep secrets and account numbers out of everything that is written for people to read."""

from __future__ import annotations

import hmac
import re
from typing import NoReturn, final

MASK = "[redacted]"


@final
class Secret:
    """A text that cannot be printed, logged, pickled or hashed; only ``reveal()`` gives it out."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself, for the one place that has to send or store it."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    # A hash would allow guessing by comparison, and would put secrets into dictionaries as keys.
    __hash__ = None  # type: ignore[assignment]

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Secret is not pickled or copied")


def mask_account(number: str) -> str:
    """Return the form of an account number that may be shown: ``…4821``."""
    return f"…{number[-4:]}" if len(number) > 4 else "…"


_TOKEN_CHARS = r"A-Za-z0-9+/=_.\-"  # noqa: S105 - a character class
_SHAPES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b(Bearer|Basic)\s+[^\s\"',;]+", re.IGNORECASE), rf"\1 {MASK}"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"), MASK),
    # The broker's access tokens (I0.…@) and authorization codes (C0.…@, @ often as %40).
    (re.compile(rf"\b[A-Z]0\.[{_TOKEN_CHARS}]{{8,}}(?:@|%40)?"), MASK),
    # Refresh tokens: a long run that ends in @ and is not the local part of an address.
    (
        re.compile(
            rf"(?<![{_TOKEN_CHARS}])[{_TOKEN_CHARS}]{{16,}}(?:@(?![A-Za-z0-9])|%40(?![A-Za-z]))"
        ),
        MASK,
    ),
    (
        re.compile(
            r"((?:access|refresh|id|control)_token|(?:client|app|totp)_secret|app_key|client_id"
            r"|password|authorization)"
            r"(\\?[\"']?\s*[:=]\s*\\?[\"']?)(?!\[redacted|Bearer|Basic)[^\s\"'&,;}\\]+",
            re.IGNORECASE,
        ),
        rf"\1\2{MASK}",
    ),
    # What a callback carries, whatever its code looks like.
    (re.compile(r"([?&](?:code|session|state)=)(?!\[redacted)[^\s\"'&#\\]+"), rf"\1{MASK}"),
    (re.compile(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{64}(?![0-9A-Fa-f])"), "[hash]"),
    # Seeds of authenticators: a run of base32 with letters and figures.
    (
        re.compile(
            r"(?<![A-Za-z0-9_])(?=[A-Z]*[2-7])(?=[2-7]*[A-Z])[A-Z2-7]{16,}={0,6}(?![A-Za-z0-9_])"
        ),
        MASK,
    ),
)

# Eight or nine digits, but not the strike of an option symbol (261211C06200000), not the
# fraction of a number (0.12345678) and not an amount with cents (12345678.50).
_ACCOUNT = re.compile(
    r"(?<![0-9])(?<![0-9][CP])(?<![0-9]\.)[0-9]{8,9}(?![0-9])(?!\.[0-9])"
    r"|(?<![0-9-])[0-9]{4}-[0-9]{4}(?![0-9-])"
)


def redact(text: str) -> str:
    """Return the text with tokens, account hashes and account numbers masked, by their shape."""
    for shape, replacement in _SHAPES:
        text = shape.sub(replacement, text)
    return _ACCOUNT.sub(lambda found: mask_account(found[0]), text)
