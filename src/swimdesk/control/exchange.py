"""One HTTP request over the socket, with the standard library alone: commands must start fast."""

from __future__ import annotations

import asyncio
from pathlib import Path

from swimdesk.errors import ExitCode, HomeHeld


class OwnerGone(HomeHeld):
    """Report that no owner takes requests; what was asked was not carried out."""

    code = "OWNER_GONE"
    title = "The owner of this home does not take requests"
    exit_code = ExitCode.HELD


class AnswerLost(HomeHeld):
    """Report an owner that went away with the answer; what was asked may have been carried out."""

    code = "ANSWER_LOST"
    title = "The owner of this home went away before it answered"
    exit_code = ExitCode.HELD


async def exchange(path: Path, method: str, target: str, body: bytes = b"") -> bytes:
    """Send one request to the owner and return the body of the answer; OwnerGone, AnswerLost."""
    reader, writer = await connect(path)
    head = (
        f"{method} {target} HTTP/1.1\r\nHost: swimdesk\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    try:
        writer.write(head.encode("ascii") + body)
        answer = await reader.read()
    except OSError as error:
        raise AnswerLost(f"The connection broke ({error.strerror or error}).") from error
    finally:
        writer.close()
    return _body(answer)


async def connect(path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to the owner's socket; OwnerGone if nobody listens there."""
    try:
        return await asyncio.open_unix_connection(path)
    except OSError as error:
        reason = error.strerror or error
        raise OwnerGone(f"Nobody takes requests at {path} ({reason}).") from error


def _body(answer: bytes) -> bytes:
    """Return what follows the head; AnswerLost unless all of it is there."""
    head, separator, body = answer.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip() == b"%d" % len(body):
            return body
    seen = f"after {len(answer)} bytes" if separator else "before its answer"
    raise AnswerLost(f"The connection ended {seen}.")
