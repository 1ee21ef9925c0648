"""Requests under way are known by their line until the last of them is over."""

from __future__ import annotations

from swimdesk.desk.underway import Underway


def test_line_is_being_canceled_until_its_last_request_is_over() -> None:
    underway = Underway()
    with underway.canceling("one"):
        with underway.canceling("one"), underway.canceling("other"):
            assert underway.is_canceling("other")
        assert underway.is_canceling("one")
        assert not underway.is_canceling("other")
    assert not underway.is_canceling("one")
