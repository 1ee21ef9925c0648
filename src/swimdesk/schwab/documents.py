"""What the broker said of an order, kept for later without telling whose account it is.

Account numbers and the hashes that stand for them become keyed digests: the same number gives the
same digest within a home, and without the home's key nobody can try numbers out. What else looks
like a secret in a text is masked.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection
from typing import Any, Final

from swimdesk.telemetry.redaction import Secret, redact

_NUMBER_KEYS: Final = frozenset({"accountnumber", "accountid", "hashvalue", "accounthash"})
_HASH: Final = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{40,128}(?![0-9A-Za-z])")
_DIGEST_BYTES: Final = 8
_DIGEST: Final = re.compile(rf"(#[0-9a-f]{{{2 * _DIGEST_BYTES}}})")
_CODE: Final = re.compile(
    r".{0,7}|[A-Z_]+|[A-Z ]{6}\d{6}[CP]\d{8}|\d{4}-\d\d-\d\dT[0-9:.+Z-]{5,24}"
)
"""Words, symbols and times, which hold no secret: most of what a row is made of."""
_CODES: Final = frozenset({"cusip"})
"""What is kept by these names looks like an account number and is none."""


class Documents:
    """Write the broker's rows as JSON that names no account.

    ``hash_of`` tells the hash that stands for an account number, None where it is not known.
    """

    def __init__(self, key: Secret, hash_of: Callable[[str], str | None]) -> None:
        self._key = hashlib.sha256(key.reveal().encode()).digest()
        self._hash_of = hash_of

    def text(self, row: Any) -> str:  # noqa: ANN401 - parsed JSON
        """Return a row as JSON, numbers and hashes replaced wherever they stand."""
        numbers = _numbers_in(row)
        hashes = {found for number in numbers if (found := self._hash_of(number))}
        masked = self._masked(row, sorted(numbers | hashes, key=len, reverse=True))
        return json.dumps(masked, separators=(",", ":"), ensure_ascii=False, default=str)

    def digest(self, secret: str) -> str:
        """Return what stands for a number or a hash."""
        keyed = hashlib.blake2b(secret.encode(), key=self._key, digest_size=_DIGEST_BYTES)
        return f"#{keyed.hexdigest()}"

    def _masked(self, value: Any, hidden: Collection[str]) -> Any:  # noqa: ANN401 - parsed JSON
        if isinstance(value, dict):
            return {
                self._in_text(str(name), hidden): one
                if name in _CODES
                else self._masked(one, hidden)
                for name, one in value.items()
            }
        if isinstance(value, list):
            return [self._masked(one, hidden) for one in value]
        if isinstance(value, str):
            return self._in_text(value, hidden)
        is_number = isinstance(value, int) and not isinstance(value, bool)
        return self.digest(str(value)) if is_number and str(value) in hidden else value

    def _in_text(self, text: str, hidden: Collection[str]) -> str:
        for secret in hidden:
            if secret in text:
                text = text.replace(secret, self.digest(secret))
        if len(text) >= 40:
            text = _HASH.sub(lambda match: self.digest(match[0]), text)
        return text if _CODE.fullmatch(text) else _redacted(text)


def _redacted(text: str) -> str:
    """Mask what is between digests: their own figures could be taken for an account number."""
    parts = _DIGEST.split(text)
    parts[::2] = map(redact, parts[::2])
    return "".join(parts)


def _numbers_in(row: Any) -> set[str]:  # noqa: ANN401 - parsed JSON
    if isinstance(row, list):
        return {number for one in row for number in _numbers_in(one)}
    if not isinstance(row, dict):
        return set()
    found: set[str] = set()
    for name, value in row.items():
        if str(name).lower() in _NUMBER_KEYS and isinstance(value, str | int) and value:
            found.add(str(value))
        else:
            found |= _numbers_in(value)
    return found
