"""What stands above and below a chain."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from swimdesk.console.chain.feed import ChainFeed, Subject
from swimdesk.console.chain.legs import Picks, Touch
from swimdesk.console.chain.lines import foot, head
from swimdesk.console.chain.table import ChainTable
from swimdesk.console.widgets.spans import Line, width_of
from swimdesk.desk.facade import DeskFacade
from swimdesk.desk.showing import chain_view
from swimdesk.domain.instruments import OptionContract, Right
from swimdesk.errors import BrokerUnreachable
from swimdesk.views.models import ChainView
from tests.fakes.chains import DAYS, Listed
from tests.fakes.desk import a_desk
from tests.fakes.virtual import START, run_virtual

ROOM = Touch(Decimal("1.00"), Decimal("1.10"), Decimal("0.20"))


def text(line: Line) -> str:
    return "".join(part for part, _ in line)


def a_view(day: date = DAYS[3]) -> ChainView:
    listed = Listed({"$SPX": Decimal("6010.42")})
    days = [one.isoformat() for one in DAYS]
    rows = listed.chain("$SPX", day, 10)
    return replace(chain_view("$SPX", day.isoformat(), days, None, rows), last=Decimal("6010.42"))


def a_feed(desk: DeskFacade, view: ChainView | None) -> ChainFeed:
    feed = ChainFeed(desk, lambda: START, lambda _: (), lambda: None)
    feed.ask(Subject("$SPX", DAYS[3]))
    feed.view, feed.read_at = view, START if view else None
    return feed


def lines_of(view: ChainView | None, width: int = 120, **changes: object) -> list[str]:
    async def ask() -> list[str]:
        async with a_desk(1) as bench:
            feed = a_feed(bench.desk, view)
            now = START
            if "age_s" in changes:
                now += timedelta(seconds=float(str(changes["age_s"])))
            if "error" in changes:
                feed.error = BrokerUnreachable(str(changes["error"]))
            if "wanted" in changes:
                feed.subject = Subject("$SPX", date.fromisoformat(str(changes["wanted"])))
            return [
                text(line) for line in head(ChainTable(view) if view else None, feed, now, width)
            ]

    return run_virtual(ask())


def test_the_heading_names_underlying_day_and_roots() -> None:
    first, second = lines_of(a_view())
    assert " ".join(first.split()) == "SPX 6,010.42 18 DEC 26 25d SPX AM (and SPXW PM) live"
    assert " ".join(second.split()) == "27NOV 04DEC 11DEC [18DEC] 15JAN27"


def test_a_chain_that_is_still_to_come_is_named() -> None:
    assert [line.strip() for line in lines_of(None)] == ["SPX", "reading …"]


def test_the_expiry_that_is_wanted_is_told_from_the_one_that_is_shown() -> None:
    first, second = lines_of(a_view(), wanted="2027-01-15")
    assert "18 DEC 26" in first
    assert "reading 15 JAN 27 …" in first
    assert "[15JAN27]" in second


def test_old_prices_show_their_age_and_errors_their_sentence() -> None:
    assert "read 6s ago" in lines_of(a_view(), age_s=6)[0]
    first, second = lines_of(a_view(), age_s=9, error="no \x1b[31manswer")
    assert "NOT READ 9s" in first
    assert "answer" in second
    assert "\x1b" not in second


def test_expiries_that_do_not_fit_are_left_out_around_the_chosen_one() -> None:
    second = lines_of(a_view(), width=34)[1]
    assert "[18DEC]" in second
    assert len(second) <= 34
    assert second.startswith(" <")


def a_leg(root: str, day: date) -> OptionContract:
    return OptionContract(root, day, Right.CALL, Decimal(6000))


def test_legs_below_name_their_day_and_settlement_and_never_need_more_lines() -> None:
    picks = Picks().traded(a_leg("SPX", DAYS[3]), -1).traded(a_leg("SPXW", DAYS[3]), 1)
    for width in (80, 120):
        lines = foot(picks, lambda _: ROOM, width)
        assert len(lines) == len(foot(Picks(), lambda _: ROOM, width)) == 3
        assert all(width_of(line) <= width for line in lines)
        assert "-1 6000 C 18DEC26 AM  1.00 x 1.10" in text(lines[0])
        assert "+1 6000 C 18DEC26  1.00 x 1.10" in text(lines[0])
        assert (text(lines[0]).count("d .20") == 2) is (width == 120)


def test_a_leg_without_a_quote_says_so_and_has_no_price() -> None:
    lines = foot(Picks().traded(a_leg("SPXW", DAYS[3]), -1), lambda _: None, 120)
    assert "no quote" in text(lines[0])
    assert "a leg has no market" in text(lines[2])
    assert "worst loss has no bound" in text(lines[2])


def test_what_is_worth_least_goes_first_where_the_line_is_short() -> None:
    picks = Picks().traded(a_leg("SPXW", DAYS[2]), -1).traded(a_leg("SPXW", DAYS[3]), 1)
    picks = picks.more(899)
    wide, narrow, least = (text(foot(picks, lambda _: ROOM, w)[2]) for w in (120, 70, 60))
    assert "d .00" in wide
    assert "natural" in narrow
    assert "d .00" not in narrow
    assert "natural" not in least
    assert "mid 0.00 cr" in least
    assert least.endswith("/unit")
