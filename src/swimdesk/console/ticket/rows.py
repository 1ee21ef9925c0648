"""The preview matrix: one row per account, a heading with the counts, totals below; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from swimdesk.console.formats import NOTHING, countdown, hanging, money
from swimdesk.console.questions import cash_of, dollars, units_of
from swimdesk.console.session import Stage
from swimdesk.console.ticket.order import Draft, read_draft
from swimdesk.console.widgets.cells import Cell, Role, Row
from swimdesk.console.widgets.columns import Column
from swimdesk.console.widgets.spans import Line, apart, flowing
from swimdesk.views.models import AccountView, BrokerCheckView, DenialView, PlanLineView, PlanView
from swimdesk.views.requests import Scope
from swimdesk.views.warnings import CAUTION

COLUMNS: Final = (
    Column("account", "account", 8, is_flexible=True, priority=100, is_sticky=True),
    Column("last4", "no", 4, priority=55),
    Column("level", "lvl", 3, align="right", priority=50),
    Column("quantity", "qty", 4, align="right", priority=98),
    Column("effect", "effect", 6, priority=70),
    Column("loss", "max loss", 8, align="right", priority=90),
    Column("after", "bp after", 9, align="right", priority=80),
    Column("verdict", "verdict", 12, is_flexible=True, least=11, priority=99),
    Column("why", "why", 30, is_flexible=True, least=20, priority=20),
)

OUT: Final = "out"
"""The verdict of an account that was left out by hand."""


def rows_of(stage: Stage, accounts: Mapping[str, AccountView]) -> dict[str, Row]:
    """Return the rows in the order of the scope; those of a dead plan are dim."""
    plan = stage.plan or stage.before
    lines = {line.account: line for line in plan.lines} if plan else {}
    order = dict.fromkeys((*stage.candidates, *lines))
    is_dead = stage.plan is None
    # An intent makes another order for each account: each row shows its own.
    own = plan is not None and read_draft(plan.order) is None
    rows = {}
    for alias in order:
        level = _level(accounts.get(alias))
        if alias in stage.excluded:
            rows[alias] = _bare(alias, accounts.get(alias), level, OUT)
        elif alias in lines:
            rows[alias] = _row(lines[alias], level, is_dead=is_dead, own=own)
        else:
            rows[alias] = _bare(alias, accounts.get(alias), level, "…")
    return rows


def _level(account: AccountView | None) -> str:
    known = account is not None and account.option_level is not None
    return str(account.option_level) if account is not None and known else NOTHING


def _row(line: PlanLineView, level: str, *, is_dead: bool, own: bool) -> Row:
    role = Role.DIM if is_dead or line.verdict != "send" else Role.TEXT
    after = None
    if line.buying_power is not None and line.requirement is not None:
        after = line.buying_power - line.requirement
    is_going = line.verdict == "send"
    return (
        Cell(line.account, Role.DIM if is_dead else Role.STRONG),
        Cell(line.last4, Role.DIM),
        Cell(level, Role.DIM),
        Cell(str(line.quantity) if line.quantity else NOTHING, role),
        Cell(line.effect if is_going or line.quantity else NOTHING, role),
        Cell(_loss(line), role),
        Cell(money(after), Role.LOSS if after is not None and after < 0 else role),
        _verdict(line, is_dead=is_dead),
        Cell(_why(line) or (line.order if own else ""), Role.DIM),
    )


def _why(line: PlanLineView) -> str:
    return line.reason or "; ".join(one.detail for one in line.denials)


def _loss(line: PlanLineView) -> str:
    if line.max_loss is None and line.verdict == "send":
        return "unlimited"
    return money(line.max_loss)


def _verdict(line: PlanLineView, *, is_dead: bool) -> Cell:
    if line.verdict == "send":
        return Cell("ok", Role.DIM if is_dead else Role.GAIN)
    role = Role.DIM if is_dead or not line.denials else Role.WARN
    if line.denials:
        more = f" +{len(line.denials) - 1}" if len(line.denials) > 1 else ""
        return Cell(f"{line.denials[0].code}{more}", role)
    return Cell(line.verdict, role)


def _bare(alias: str, account: AccountView | None, level: str, verdict: str) -> Row:
    last4 = account.last4 if account else ""
    texts = (alias, last4, level, NOTHING, NOTHING, NOTHING, NOTHING, verdict, "")
    return tuple(Cell(text, Role.DIM) for text in texts)


def heading(stage: Stage, now: datetime, width: int) -> Line:
    """Return the counts of the plan and how long it lives."""
    plan = stage.plan
    if plan is None:
        return apart([(" PLAN", Role.STRONG)], [(_standing(stage), Role.WARN)], width - 1)
    counts = [
        (plan.counts["send"], "send", Role.GAIN),
        (plan.counts["denied"], "denied", Role.WARN),
        (plan.counts["skipped"], "skipped", Role.DIM),
        (len(stage.excluded), OUT, Role.DIM),
    ]
    left: Line = [(" PLAN ", Role.STRONG)]
    for number, word, role in counts:
        if number or word == "send":
            left.append((f" {number} {word} ", role if number else Role.DANGER))
    lives = plan.expires - now
    is_dead = plan.expires <= now
    right = "too old: F9" if is_dead else f"dies in {countdown(lives)}"
    return apart(left, [(right, Role.DANGER if is_dead else Role.ACCENT)], width - 1)


def _standing(stage: Stage) -> str:
    if stage.error:
        return "NOT PLANNED"
    return "planning …" if stage.is_planning or stage.before else "F9 plans it"


def totals(stage: Stage, draft: Draft | None, width: int, most: int = 2) -> list[Line]:
    """Return what would be sent in all, how it is sized, and what is worth a second look.

    ``most`` lines are spent on the reasons against the order.
    """
    lines: list[Line] = []
    plan = stage.plan
    if stage.error:
        lines += [[(f" {part}", Role.DANGER)] for part in hanging(stage.error, width - 2)]
    if plan is not None:
        lines += flowing(_sums(plan, draft), width)
    lines += flowing(_how(stage), width)
    if plan is not None:
        lines += [[(f" {text}", Role.WARN)] for text in _second_looks(plan, most)]
    return lines


def _second_looks(plan: PlanView, most: int) -> list[str]:
    """Return what denies accounts, the most frequent first, then notices, then what bars nothing.

    Where there is more than ``most`` lines hold, the last one counts the rest.
    """
    codes = [dict.fromkeys(one.code for one in line.denials) for line in plan.lines]
    denied = Counter(code for found in codes for code in found)
    said = {one.code: one.detail for line in plan.lines for one in line.denials}
    said |= {one.code: one.detail for one in plan.warnings if one.grade != CAUTION}
    cautions = [one for one in plan.warnings if one.grade == CAUTION]
    looks = [(f"{count} x {code}", f": {said[code]}") for code, count in denied.most_common()]
    looks += [("! ", notice) for notice in plan.notices]
    looks += [(f"{one.accounts} x {one.code}", f": {one.detail}") for one in cautions]
    if len(looks) <= most:
        return [name + text for name, text in looks]
    shown, rest = looks[: most - 1], looks[most - 1 :]
    names = ", ".join(name if name != "! " else "a notice" for name, _ in rest)
    return [*(name + text for name, text in shown), f"{len(rest)} more: {names}"]


def _sums(plan: PlanView, draft: Draft | None) -> list[Line]:
    units = units_of(plan)
    count = plan.counts["send"]
    parts = [_pair(f"{units:,}", "shares" if draft and draft.ticket.is_equity else "units")]
    cash = cash_of(plan, draft.ticket) if draft else None
    if cash is not None:
        parts.append(_figure("credit" if cash > 0 else "debit", dollars(abs(cash))))
    parts.append(_figure("max loss", dollars(plan.max_loss)))
    parts.append(_pair(str(count), "requests" if count != 1 else "request"))
    checks = Counter(line.broker.verdict for line in plan.lines if line.broker is not None)
    if checks:
        said = ", ".join(f"{number} {verdict}" for verdict, number in sorted(checks.items()))
        parts.append(_figure("broker", said))
    return parts


def _how(stage: Stage) -> list[Line]:
    sizing = stage.sizing + (f" {stage.remainder}" if stage.remainder else "")
    parts: list[Line] = [
        [("size ", Role.DIM), (sizing, Role.TEXT)],
        _figure("waves", stage.waves),
        _figure("for", scope_words(stage.scope)),
    ]
    if stage.overrides:
        parts.append([("override ", Role.DIM), (" ".join(stage.overrides), Role.WARN)])
    return parts


def _pair(figure: str, name: str) -> Line:
    return [(figure, Role.STRONG), (f" {name}", Role.DIM)]


def _figure(name: str, figure: str) -> Line:
    return [(f"{name} ", Role.DIM), (figure, Role.STRONG)]


def scope_words(scope: Scope) -> str:
    """Return which accounts are meant, in the words of the command line."""
    parts = ["all"] if scope.everyone else []
    parts += [f"grp {','.join(scope.groups)}"] if scope.groups else []
    parts += [f"acc {','.join(scope.accounts)}"] if scope.accounts else []
    parts += [f"where {scope.where}"] if scope.where else []
    return " ".join(parts)


def details(line: PlanLineView, stage: Stage) -> list[Sequence[tuple[str, str]]]:
    """Return all that is known of one account's part: figures, then every reason against it."""
    after = None
    if line.buying_power is not None and line.requirement is not None:
        after = line.buying_power - line.requirement
    figures = [
        ("order", line.order if line.quantity else "none"),
        ("verdict", line.verdict + (f": {line.reason}" if line.reason else "")),
        ("quantity", f"{line.quantity}, by {stage.sizing}"),
        ("effect", line.effect),
        ("held", money(line.requirement, cents=True)),
        ("max loss", _loss(line)),
        ("bp now", money(line.buying_power, cents=True)),
        ("bp after", money(after, cents=True)),
    ]
    return [
        figures,
        [row for one in line.denials for row in _reason(one)],
        [("lifted", f"{one.code}: {one.detail}") for one in line.lifted],
        _broker(line.broker) if line.broker else [],
    ]


def _reason(one: DenialView) -> list[tuple[str, str]]:
    """Return a denial with what lifts it."""
    if one.override is None:
        return [(one.code, f"{one.detail} (nothing lifts it)")]
    return [(one.code, one.detail), ("", f"type OVERRIDE {one.override}")]


def _broker(check: BrokerCheckView) -> list[tuple[str, str]]:
    said = [("broker", check.verdict), *(("", text) for text in check.texts)]
    if check.commission is not None:
        said.append(("commission", money(check.commission, cents=True)))
    if check.effect is not None:
        said.append(("bp effect", money(check.effect, cents=True)))
    return said
