"""Sending: once, never blindly again, and with the truth about what became of it."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import replace

import pytest
from tests.fakes.facade import FakeFacade
from tests.unit.cli.support import ORDER, Program, a_broadcast, a_plan, asked

from swimdesk.control.exchange import AnswerLost, OwnerGone
from swimdesk.errors import HomeHeld, OrderDenied, UnknownReference, WhereTextError
from swimdesk.views.models import BroadcastView, GuardView, PlanView, StatusView
from swimdesk.views.requests import PlanRequest, Scope, SubmitRequest


class TradingFake(FakeFacade):
    """A desk with one plan and what becomes of it; submissions are told by their own id."""

    def __init__(self, plan: PlanView | None = None, became: BroadcastView | None = None) -> None:
        super().__init__()
        self.plan = plan or a_plan("send", notices=("(Replacing #1) is left out",))
        self.became = became or a_broadcast("filled")
        self.first_of_key: str | None = None
        self.submitted = ""
        self.trouble: tuple[str, str] | None = None
        """An alarm about the broadcast, and why trading is halted."""

    async def preview(self, request: PlanRequest) -> PlanView:
        await super().preview(request)
        return self.plan

    async def submit(self, request: SubmitRequest) -> BroadcastView:
        await super().submit(request)
        self.submitted = request.broadcast
        return a_broadcast("sending", broadcast=self.first_of_key or request.broadcast)

    async def follow(self, broadcast: str, wait_s: float) -> BroadcastView:
        await super().follow(broadcast, wait_s)
        return self.became

    async def status(self) -> StatusView:
        view = await super().status()
        alarm, reason = self.trouble or ("", "")
        return replace(
            view,
            alarms=(alarm.format(self.submitted),) if alarm else (),
            guard=GuardView("halted" if reason else "active", reason, None),
        )


def methods(desk: FakeFacade) -> list[str]:
    return [method for method, _ in asked(desk)]


def submission(desk: FakeFacade) -> SubmitRequest:
    """Return the one request to submit that the desk was given."""
    (request,) = [arguments["request"] for method, arguments in asked(desk) if method == "submit"]
    assert isinstance(request, SubmitRequest)
    return request


def test_send_plans_submits_follows_and_prints_the_broadcast(program: Program) -> None:
    desk = TradingFake(became=a_broadcast("filled", "denied"))
    program.desks = [desk]
    ran = program.run("send", ORDER, "--group", "ira", "--size", "mult", "--yes", "--json")
    assert ran.code == 4
    assert ran.document["lines"][1]["state"] == "denied"
    assert ran.err == "note: (Replacing #1) is left out\n"
    (preview, planned), (submit, sent), (follow, followed), (told, _) = asked(desk)
    assert told == "status"
    assert (preview, submit, follow) == ("preview", "submit", "follow")
    assert planned["request"] == PlanRequest(ORDER, Scope(groups=("ira",)), "mult")
    assert sent["request"].plan == "01JP"
    assert followed == {"broadcast": sent["request"].broadcast, "wait_s": 10.0}


@pytest.mark.parametrize("command", [("preview",), ("send", "--yes")])
def test_condition_and_remainder_go_with_the_plan(
    program: Program, command: tuple[str, ...]
) -> None:
    desk = TradingFake()
    program.desks = [desk]
    name, *flags = command
    options = ("--where", "bp>20k", "--size", "equal:9", "--remainder", "rotate")
    assert program.run(name, ORDER, *options, *flags).code == 0
    expected = PlanRequest(ORDER, Scope(where="bp>20k"), "equal:9", remainder="rotate")
    assert asked(desk)[0] == ("preview", {"request": expected})


def test_condition_that_is_not_understood_is_shown_at_its_column(program: Program) -> None:
    desk = TradingFake()
    program.desks = [desk]
    desk.fail("preview", WhereTextError("--where, column 6: read 'lots'.", column=6))
    ran = program.run("preview", ORDER, "--where", "bp > lots")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines()[-2:] == ["  bp > lots", "       ^"]


def test_policies_and_key_go_with_the_submission(program: Program) -> None:
    desk = TradingFake()
    program.desks = [desk]
    options = ("--waves", "canary", "--on-deny", "stop", "--on-refuse", "stop", "--key", "k1")
    assert program.run("send", ORDER, "--all", "--yes", *options).code == 0
    request = submission(desk)
    assert (request.waves, request.on_deny, request.on_refuse) == ("canary", "stop", "stop")
    assert request.key == "k1"


def test_every_run_mints_another_broadcast_id(program: Program) -> None:
    ids = set()
    for _ in range(3):
        desk = TradingFake()
        program.desks, program.opened = [desk], 0
        program.run("send", ORDER, "--all", "--yes")
        ids.add(submission(desk).broadcast)
    assert [len(one) for one in ids] == [26, 26, 26]


def test_without_yes_the_plan_is_shown_and_nothing_is_sent(program: Program) -> None:
    desk = TradingFake()
    program.desks = [desk]
    ran = program.run("send", ORDER, "--all")
    assert ran.code == 2
    assert ran.out.splitlines()[1].startswith("FAM-01\t")
    assert "--yes" in ran.err.splitlines()[-1]
    assert methods(desk) == ["preview"]
    ran = program.run("send", ORDER, "--all", "--json")
    assert (ran.code, list(ran.document)) == (2, ["error", "plan"])
    assert methods(desk) == ["preview"]


def test_saved_plan_is_sent_without_planning_again(program: Program) -> None:
    desk = TradingFake()
    program.desks = [desk]
    assert program.run("send", "--plan", "01JQ", "--yes").code == 0
    assert submission(desk).plan == "01JQ"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--yes",),
        (ORDER, "--yes"),
        (ORDER, "--plan", "01JP", "--all", "--yes"),
        ("--plan", "01JP", "--all", "--yes"),
        ("--plan", "01JP", "--where", "ira", "--yes"),
        ("--plan", "01JP", "--size", "mult", "--yes"),
        ("--plan", "01JP", "--remainder", "drop", "--yes"),
        (ORDER, "--all", "--remainder", "smallest", "--yes"),
        ("--plan", "01JP"),
        (ORDER, "--all", "--on-refuse", "stop", "--yes"),
        (ORDER, "--all", "--on-deny", "perhaps", "--yes"),
        (ORDER, "--all", "--wait", "-1", "--yes"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_the_desk_is_asked(
    program: Program, arguments: tuple[str, ...]
) -> None:
    assert program.run("send", *arguments).code == 2
    assert program.opened == 0


def test_plan_that_is_denied_everywhere_is_exit_3_with_the_plan(program: Program) -> None:
    desk = TradingFake(plan=a_plan("denied", "denied"))
    program.desks = [desk]
    desk.fail("submit", OrderDenied("2 of 2 accounts kept out: BUYING_POWER"))
    ran = program.run("send", ORDER, "--all", "--yes", "--json")
    assert ran.code == 3
    assert ran.document["error"]["code"] == "ORDER_DENIED"
    assert [line["verdict"] for line in ran.document["plan"]["lines"]] == ["denied", "denied"]
    desk.fail("submit", OrderDenied("2 of 2 accounts kept out: BUYING_POWER"))
    ran = program.run("send", ORDER, "--all", "--yes")
    assert ran.code == 3
    assert len(ran.out.splitlines()) == 3
    assert "BUYING_POWER" in ran.err


def test_key_used_before_shows_the_first_broadcast_and_says_so(program: Program) -> None:
    desk = TradingFake()
    desk.first_of_key = "01JFIRST"
    program.desks = [desk]
    ran = program.run("send", ORDER, "--all", "--yes", "--key", "k1")
    assert ran.code == 0
    assert "key k1 was used before; nothing was sent now" in ran.err
    assert ("follow", {"broadcast": "01JFIRST", "wait_s": 10.0}) in asked(desk)


@pytest.mark.parametrize("lost_in", ["submit", "follow"])
def test_lost_owner_is_asked_for_the_result_and_never_to_send_again(
    program: Program, lost_in: str
) -> None:
    first, second = TradingFake(), TradingFake(became=a_broadcast("in_doubt"))
    first.fail(lost_in, AnswerLost("The connection broke."))
    program.desks = [first, second]
    ran = program.run("send", ORDER, "--all", "--yes", "--json")
    assert ran.code == 5
    assert ran.document["lines"][0]["state"] == "in_doubt"
    broadcast = submission(first).broadcast
    assert asked(second) == [("follow", {"broadcast": broadcast, "wait_s": 10.0})]


def test_broadcast_unknown_to_the_next_owner_was_not_sent(program: Program) -> None:
    first, second = TradingFake(), TradingFake()
    first.fail("submit", AnswerLost("The connection broke."))
    second.fail("follow", UnknownReference("There is no broadcast."))
    program.desks = [first, second]
    ran = program.run("send", ORDER, "--all", "--yes")
    assert (ran.code, ran.out) == (8, "")
    assert "nothing was sent" in ran.err
    assert methods(second) == ["follow"]


def test_owner_that_stays_away_leaves_the_question_open_and_says_where_to_look(
    program: Program,
) -> None:
    first, second = TradingFake(), TradingFake()
    first.fail("submit", AnswerLost("The connection broke."))
    second.fail("follow", HomeHeld("Process 7 does not answer."))
    program.desks = [first, second]
    ran = program.run("send", ORDER, "--all", "--yes")
    assert ran.code == 8
    assert "not known here" in ran.err
    assert f"swimdesk broadcasts {submission(first).broadcast}" in ran.err


@pytest.mark.parametrize("lost_in", ["preview", "submit"])
def test_owner_that_took_nothing_is_an_error_without_a_second_question(
    program: Program, lost_in: str
) -> None:
    desk = TradingFake()
    desk.fail(lost_in, OwnerGone("Nobody takes requests."))
    program.desks = [desk]
    assert program.run("send", ORDER, "--all", "--yes").code == 8
    assert program.opened == 1


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_send_says_that_the_broadcast_goes_on(
    program: Program, number: signal.Signals, code: int
) -> None:
    class Interrupting(TradingFake):
        async def submit(self, request: SubmitRequest) -> BroadcastView:
            signal.raise_signal(number)
            return await super().submit(request)

        async def follow(self, broadcast: str, wait_s: float) -> BroadcastView:
            return await asyncio.Future()

    desk = Interrupting()
    program.desks = [desk]
    ran = program.run("send", ORDER, "--all", "--yes")
    assert (ran.code, ran.out) == (code, "")
    assert f"swimdesk broadcasts {submission(desk).broadcast}" in ran.err


def test_command_interrupted_before_it_sent_says_nothing_of_a_broadcast(program: Program) -> None:
    class Interrupting(TradingFake):
        async def preview(self, request: PlanRequest) -> PlanView:
            signal.raise_signal(signal.SIGINT)
            return await super().preview(request)

    desk = Interrupting()
    desk.gate.clear()
    program.desks = [desk]
    ran = program.run("send", ORDER, "--all", "--yes")
    assert (ran.code, ran.out, ran.err) == (130, "", "")
    assert methods(desk) == ["preview"]


def test_preview_shows_notices_totals_and_a_line_per_account(program: Program) -> None:
    desk = TradingFake(plan=a_plan("send", "denied", notices=("a notice",)))
    program.desks = [desk]
    ran = program.run("preview", ORDER, "--all")
    assert ran.code == 0
    assert "note: a notice" in ran.err
    assert "1 of 2 accounts, 1 denied, 1 units" in ran.err
    assert [line.split("\t")[0] for line in ran.out.splitlines()] == ["account", "FAM-01", "FAM-02"]
    ((_, arguments),) = asked(desk)
    assert arguments["request"] == PlanRequest(ORDER, Scope(everyone=True))


def test_saved_preview_prints_the_plan_id_on_stdout(program: Program) -> None:
    desk = TradingFake(plan=replace(a_plan("send"), saved=True))
    program.desks = [desk]
    ran = program.run("preview", ORDER, "--all", "--save")
    header, row = (line.split("\t") for line in ran.out.splitlines())
    assert (header[0], row[0]) == ("plan", "01JP")
    assert "swimdesk send --plan 01JP --yes" in ran.err
    ((_, arguments),) = asked(desk)
    assert arguments["request"].save is True


def test_preview_without_accounts_is_refused(program: Program) -> None:
    ran = program.run("preview", ORDER)
    assert (ran.code, program.opened) == (2, 0)
    assert "--all" in ran.err


def test_results_that_were_not_written_and_a_halt_are_told_beside_the_lines(
    program: Program,
) -> None:
    desk = TradingFake()
    desk.trouble = ("results of {} could not be written: the disk is full", "the disk is full")
    program.desks = [desk]
    ran = program.run("send", ORDER, "--all", "--yes", "--json")
    assert ran.code == 0
    assert "alarm: results of" in ran.err
    assert "note: trading is halted now: the disk is full" in ran.err
