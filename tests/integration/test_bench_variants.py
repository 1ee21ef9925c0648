"""Other ways of sending, each against the order host: every order arrives once and is answered."""

from __future__ import annotations

from bench import h2
from bench.variants import WAYS, measure


async def test_every_way_of_sending_delivers_every_order_once_and_again() -> None:
    repetitions = await measure(accounts=9, repeats=2)
    assert [set(turn) for turn in repetitions] == [set(WAYS)] * 2


def test_frames_come_out_whole_wherever_they_are_cut() -> None:
    sent = h2.order(3, h2.literals({":path": "/trader/v1/accounts/A1/orders"}), b"{}")
    for cut in range(len(sent)):
        buffer = bytearray(sent[:cut])
        found = list(h2.frames(buffer))
        buffer += sent[cut:]
        found += h2.frames(buffer)
        assert [(one.kind, one.stream) for one in found] == [(h2.HEADERS, 3), (h2.DATA, 3)]
        assert h2.account_of(found[0].payload) == b"A1"
        assert found[1].payload == b"{}"


def test_a_long_text_has_its_length_in_several_bytes() -> None:
    # RFC 7541, 5.1, with a prefix of seven bits: 127, then the rest in sevens, low ones first.
    assert h2.literals({"a": "b" * 1337})[3:6] == b"\x7f\xba\x09"
