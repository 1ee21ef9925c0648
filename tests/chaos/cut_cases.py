"""One cut of the sweep: where it falls, over which wire, and how the connection ends there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Where(StrEnum):
    """What is cut, and so what the offset counts."""

    REQUEST = "request"
    """The server ends it when it has read so many bytes of the request."""
    RESPONSE = "response"
    """So many bytes of the answer leave the server."""
    EARLY = "early"
    """The server answers in whole when it has read so many bytes of the request."""
    IDLE = "idle"
    """Before the order is loaded."""
    LOADED = "loaded"
    """When the order is loaded and may not leave yet."""
    HANDSHAKE = "handshake"
    """So many bytes of the server's handshake leave it."""


BEFORE = frozenset({Where.IDLE, Where.LOADED, Where.HANDSHAKE})
"""Cuts before anything of the order can leave."""


class Wire(StrEnum):
    """What the bytes are that are counted."""

    PLAIN = "plain"
    TLS = "tls"
    """Bytes of TLS; each line of an answer is a record, the body another."""
    RECORDS = "records"
    """Bytes of the answer that came in whole records of TLS."""


class Ending(StrEnum):
    """How the connection ends at the cut."""

    FIN = "fin"
    """Without close_notify where TLS is spoken."""
    RST = "rst"
    STALL = "stall"
    """Not at all: nothing more comes."""
    BYE = "bye"
    """close_notify, then FIN."""
    SPLIT = "split"
    """Not at all: the rest comes a moment later."""


class Method(StrEnum):
    """What is asked of the broker."""

    POST = "post"
    PUT = "put"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Case:
    """One run; as text it is what ``--replay`` takes. ``says`` names the server's answer."""

    where: Where
    wire: Wire
    method: Method
    says: str
    offset: int
    ending: Ending

    def __str__(self) -> str:
        is_usual = self.method is Method.POST and self.says
        what = self.says if is_usual else "-".join(filter(None, (self.method, self.says)))
        return f"{self.where}:{self.wire}:{what}:{self.offset}:{self.ending}"


def case_of(text: str) -> Case:
    """Read a case as it was printed; ValueError if it is none."""
    where, wire, what, offset, ending = text.split(":")
    first, _, rest = what.partition("-")
    named = first in set(Method)
    method, says = (Method(first), rest) if named else (Method.POST, what)
    return Case(Where(where), Wire(wire), method, says, int(offset), Ending(ending))
