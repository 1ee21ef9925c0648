"""The broker's error bodies, six shapes and none, brought down to one line (schwab-api 7)."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from swimdesk.schwab.values import clean, parse_json

_BODY_LIMIT = 65_536
_TAGS = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_HTML = re.compile(r"<\s*(!doctype|html|head|body|title|h1|p)\b", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.DOTALL | re.IGNORECASE)
_NO_SUCH_ROUTE = re.compile(r"requested route", re.IGNORECASE)

INTERNAL_ERROR_TEXTS = (
    "internal server error",
    "application encountered unexpected error",
    "service temporarily unavailable",
    "service is currently unavailable",
)
"""Words of a failure behind the gateway, whatever status the gateway gave it (schwab-api 7)."""


def error_text(status: int, headers: Mapping[str, str], body: bytes) -> str:
    """Return what an error answer says, on one bounded line without control characters.

    ``headers`` have lower-case names.
    """
    text = _decoded(headers, body)
    if text is None:
        return f"status {status}, its text is damaged"
    if _HTML.search(text[:2000]):
        return f"status {status} with a web page: {_page_text(text)}"
    said = "; ".join(dict.fromkeys(_said(_parsed(text)))) or clean(text)
    return clean(said) if said else f"status {status} without a text"


def tells_of_internal_error(headers: Mapping[str, str], body: bytes) -> bool:
    """Tell whether an answer of any status reports a failure inside the broker, or is damaged.

    Seen: HTTP 400 around an inner 500 (schwab-api 7). A text cut or broken hides what it said.
    """
    text = _decoded(headers, body)
    if text is None:
        return True
    document = _parsed(text)
    if document is None and text.lstrip()[:1] in {"{", "["}:
        return True
    if any(status >= 500 for status in _inner_statuses(document)):
        return True
    lowered = text.lower()
    return any(words in lowered for words in INTERNAL_ERROR_TEXTS)


def says_not_found(headers: Mapping[str, str], body: bytes) -> bool:
    """Tell whether a 404 is the broker's own "not found" and not a lost route of its gateway."""
    text = _decoded(headers, body)
    document = _parsed(text) if text else None
    if not isinstance(document, dict) or _NO_SUCH_ROUTE.search(text or ""):
        return False
    return isinstance(document.get("message"), str) or 404 in _inner_statuses(document)


def _decoded(headers: Mapping[str, str], body: bytes) -> str | None:
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding in {"gzip", "x-gzip", "deflate"}:
        unpack = zlib.decompressobj(zlib.MAX_WBITS | 32)
        try:
            body = unpack.decompress(body, _BODY_LIMIT)
        except zlib.error:
            return None
        if not unpack.eof and not unpack.unconsumed_tail:
            return None
    elif encoding not in {"", "identity"}:
        return None
    return body.decode("utf-8", "replace")


def _parsed(text: str) -> Any:  # noqa: ANN401 - whatever the broker sent
    try:
        return parse_json(text)
    except ValueError:
        return None


def _page_text(text: str) -> str:
    title = _TITLE.search(text)
    return clean(_TAGS.sub(" ", title[1] if title else text[:20_000]), 120)


def _said(document: object) -> Iterator[str]:
    """Give the sentences of the JSON shapes, outermost first."""
    if not isinstance(document, dict):
        return
    for name in ("message", "error", "error_description", "detail"):
        if isinstance(document.get(name), str):
            yield document[name]
    fault = document.get("fault")
    if isinstance(fault, dict) and isinstance(fault.get("faultstring"), str):
        yield fault["faultstring"]
    errors = document.get("errors")
    for error in errors if isinstance(errors, list) else [errors]:
        if isinstance(error, str):
            yield error
        elif isinstance(error, dict):
            yield from _of_gateway(error)


def _of_gateway(error: dict[str, Any]) -> Iterator[str]:
    parts = [error.get("detail"), error.get("message")]
    texts = [part for part in parts if isinstance(part, str)]
    if texts:
        yield from texts
    elif isinstance(error.get("title"), str):
        yield error["title"]


def _inner_statuses(document: object) -> list[int]:
    """Collect the statuses written inside a body; numbers and texts both occur."""
    if not isinstance(document, dict):
        return []
    errors = document.get("errors")
    holders = [document, *(errors if isinstance(errors, list) else [])]
    found = [holder.get("status") for holder in holders if isinstance(holder, dict)]
    return [int(str(status)) for status in found if re.fullmatch(r"\d{3}", str(status))]
