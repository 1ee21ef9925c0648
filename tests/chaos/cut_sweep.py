"""Which cuts there are: every byte of the request and of the answers, and a seeded sample."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tests.chaos.cut_answers import (
    CANCELS,
    ELSEWHERE,
    ORDERS,
    RECORD_BYTES,
    Framing,
    Kind,
    ends_on,
    size_on,
)
from tests.chaos.cut_cases import Case, Ending, Method, Where, Wire
from tests.chaos.cut_senders import sender_of
from tests.chaos.cut_server import cut_server
from tests.integration.lanes import Tls

ENDINGS = (Ending.FIN, Ending.RST, Ending.STALL)
ENDINGS_ON = {
    Wire.PLAIN: (*ENDINGS, Ending.SPLIT),
    Wire.TLS: (*ENDINGS, Ending.SPLIT),
    Wire.RECORDS: (Ending.FIN, Ending.RST, Ending.BYE),
}
EVERYWHERE = frozenset({"201", "400"})
"""Answers that are cut at every byte on every wire; others are so on one."""
EARLY = ("201", "400", "429")
REPLACED = ("201", "201-bare", "400", "500")
STRIDE = 11
"""So far apart are the cuts of replacements and requests to cancel."""
LONG_STRIDE = 61
HANDSHAKE_STRIDE = 7
NEVER_CUT = 8
"""The end of a handshake: a signature in it is some bytes longer or shorter each time."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many bytes a request takes by its method, and the server's part of a handshake."""

    request: dict[Method, int]
    handshake: int


async def sizes(tls: Tls) -> Sizes:
    """Find out by sending one of each."""
    found: dict[Method, int] = {}
    handshake = 0
    for method in Method:
        async with cut_server(tls.server) as server:
            says = Case(Where.REQUEST, Wire.TLS, method, "", 0, Ending.FIN)
            sender = sender_of(server, [says], tls.client)
            try:
                await sender.send_next()
            finally:
                await sender.aclose()
            found[method] = len(server.peers[0].inbox.whole[0])
            handshake = server.peers[0].greeted_bytes
    return Sizes(found, handshake)


def every_case(of: Sizes) -> Iterator[Case]:
    """Give every cut of the sweep."""
    yield from _requests(of, Method.POST, 1)
    yield from _requests(of, Method.PUT, STRIDE)
    yield from _requests(of, Method.DELETE, STRIDE)
    for says, kind in ORDERS.items():
        strides = dict.fromkeys(Wire, 1 if says in EVERYWHERE else 0) | {Wire.PLAIN: 1}
        yield from _responses(Method.POST, says, kind, strides)
    sparse = {Wire.PLAIN: STRIDE, Wire.TLS: 0, Wire.RECORDS: 0}
    for says in REPLACED:
        yield from _responses(Method.PUT, says, ORDERS[says], sparse)
    for says, kind in CANCELS.items():
        yield from _responses(Method.DELETE, says, kind, sparse)
    yield from _early(of)
    yield from _before(of)


def sample(cases: Iterable[Case], of: Sizes, count: int, seed: int) -> list[Case]:
    """Draw so many: the edges of request and answer always, and others of as many sorts as fit."""
    draw = random.Random(seed)
    chosen = list(_edges(of, draw))
    sorts: dict[object, list[Case]] = defaultdict(list)
    for case in cases:
        sorts[case.where, case.method, case.says].append(case)
    groups = list(sorts.values())
    draw.shuffle(groups)
    while len(chosen) < count:
        chosen += (draw.choice(group) for group in groups[: count - len(chosen)])
    return chosen


def _edges(of: Sizes, draw: random.Random) -> Iterator[Case]:
    answer = ORDERS["400"].make(ELSEWHERE)
    wires = (Wire.PLAIN, Wire.TLS)
    for ending in ENDINGS:
        wire = draw.choice(wires)
        for offset in _ends(_on(wire, of.request[Method.POST])):
            yield Case(Where.REQUEST, wire, Method.POST, "", offset, ending)
        wire = draw.choice(wires)
        for offset in sorted({*_ends(size_on(wire, answer)), *ends_on(wire, answer)}):
            yield Case(Where.RESPONSE, wire, Method.POST, "400", offset, ending)


def _requests(of: Sizes, method: Method, stride: int) -> Iterator[Case]:
    for wire in (Wire.PLAIN, Wire.TLS):
        total = _on(wire, of.request[method])
        for offset in _offsets(total, stride, ()):
            for ending in ENDINGS:
                yield Case(Where.REQUEST, wire, method, "", offset, ending)


def _responses(method: Method, says: str, kind: Kind, strides: dict[Wire, int]) -> Iterator[Case]:
    answer = kind.make(ELSEWHERE)
    for wire, stride in strides.items():
        edges = [at + around for at in ends_on(wire, answer) for around in (-1, 0)]
        for offset in _offsets(size_on(wire, answer), stride, edges):
            for ending in ENDINGS_ON[wire]:
                if _can_be(kind, wire, size_on(wire, answer) - offset, ending):
                    yield Case(Where.RESPONSE, wire, method, says, offset, ending)


def _can_be(kind: Kind, wire: Wire, missing: int, ending: Ending) -> bool:
    if kind.framing is Framing.ENDED:
        # It goes on until the end, which is one of the others.
        return ending is not Ending.SPLIT
    # Once a record behind the answer is made, nothing but that record can follow on this wire.
    is_behind = wire is Wire.TLS and 0 < missing <= kind.surplus + RECORD_BYTES
    return not (kind.surplus and is_behind and ending is Ending.STALL)


def _early(of: Sizes) -> Iterator[Case]:
    for wire in (Wire.PLAIN, Wire.TLS):
        for offset in _offsets(_on(wire, of.request[Method.POST]), LONG_STRIDE, ()):
            for says in EARLY:
                for ending in ENDINGS:
                    yield Case(Where.EARLY, wire, Method.POST, says, offset, ending)


def _before(of: Sizes) -> Iterator[Case]:
    for where in (Where.IDLE, Where.LOADED):
        for method in (Method.POST, Method.PUT):
            for wire, ending in (
                (Wire.PLAIN, Ending.FIN),
                (Wire.PLAIN, Ending.RST),
                (Wire.TLS, Ending.FIN),
                (Wire.TLS, Ending.RST),
                (Wire.TLS, Ending.BYE),
            ):
                yield Case(where, wire, method, "", 0, ending)
    for offset in range(0, of.handshake - NEVER_CUT, HANDSHAKE_STRIDE):
        for ending in (Ending.FIN, Ending.RST):
            yield Case(Where.HANDSHAKE, Wire.TLS, Method.POST, "", offset, ending)
    # Each takes as long as a connection may take to open.
    for offset in (0, of.handshake // 2):
        yield Case(Where.HANDSHAKE, Wire.TLS, Method.POST, "", offset, Ending.STALL)


def _on(wire: Wire, request_bytes: int) -> int:
    return request_bytes + (RECORD_BYTES if wire is Wire.TLS else 0)


def _ends(total: int) -> tuple[int, ...]:
    return 0, 1, total - 1, total


def _offsets(total: int, stride: int, edges: Sequence[int]) -> list[int]:
    """Return each so many bytes, none but edges for a stride of 0, and both ends."""
    steps = range(0, total + 1, stride) if stride else ()
    return sorted({*steps, *edges, *_ends(total)})
