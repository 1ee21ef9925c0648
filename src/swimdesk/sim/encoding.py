"""Bodies compressed for clients that ask for it."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from swimdesk.sim.messages import SimResponse

LEAST_BYTES: Final = 1024
"""Shorter bodies go as they are."""
_SHORT_BYTES: Final = 32_768
"""Up to this size compressing is quicker than handing the work to a thread."""
_QUICKEST: Final = 1


async def encoded(response: SimResponse, headers: Mapping[str, str]) -> SimResponse:
    """Return the response as a client with these request headers gets it."""
    if len(response.body) < LEAST_BYTES or not accepts_gzip(headers):
        return response
    if "Content-Encoding" in response.headers:
        return response
    if len(response.body) <= _SHORT_BYTES:
        return gzipped(response)
    return await asyncio.to_thread(gzipped, response)


def accepts_gzip(headers: Mapping[str, str]) -> bool:
    """Tell whether the request asks for gzip; keys are lower case."""
    for choice in headers.get("accept-encoding", "").lower().split(","):
        coding, _, weight = choice.partition(";")
        if coding.strip() in ("gzip", "*"):
            return weight.strip() not in ("q=0", "q=0.0")
    return False


def gzipped(response: SimResponse) -> SimResponse:
    """Return the response with its body compressed."""
    body = gzip.compress(response.body, _QUICKEST, mtime=0)
    return replace(response, body=body, headers={**response.headers, "Content-Encoding": "gzip"})
