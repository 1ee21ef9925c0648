"""What an operator types to go on regardless, and which denials it lifts."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from swimdesk.domain.broadcast import Denial, Grade
from swimdesk.domain.figures import read_figure
from swimdesk.domain.risk.controls import CONTROLS, Control, DenialCode
from swimdesk.errors import InputError

LOOSE = 2
"""A typed figure lifts nothing where it is more than so many times the worst one shown."""


@dataclass(frozen=True, slots=True)
class Overrides:
    """Figures and words typed, and codes acknowledged."""

    figures: Mapping[str, Decimal] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    acknowledged: frozenset[str] = frozenset()

    @property
    def codes(self) -> frozenset[str]:
        """The codes that were named."""
        return frozenset((*self.figures, *self.words)) | self.acknowledged

    def lifting(self, one: Denial) -> str | None:
        """Return the override that lifts a denial, as it is written down; None if none does."""
        if one.grade is Grade.SOFT:
            return one.code if one.code in self.acknowledged else None
        if one.grade is not Grade.TYPED:
            return None
        if one.figure is None:
            return (
                one.override if f"{one.code}={self.words.get(one.code)}" == one.override else None
            )
        typed = self.figures.get(one.code)
        return None if typed is None or one.figure > typed else f"{one.code}={typed:f}"

    def close_to(self, denials: Sequence[Denial]) -> Overrides:
        """Leave out figures that are nobody's: far above the worst that they would lift."""
        worst: dict[str, Decimal] = {}
        for one in denials:
            if one.figure is not None and self.lifting(one):
                worst[one.code] = max(worst.get(one.code, one.figure), one.figure)
        kept = {
            code: typed
            for code, typed in self.figures.items()
            if code in worst and typed <= LOOSE * max(worst[code], CONTROLS[DenialCode(code)].step)
        }
        return Overrides(kept, self.words, self.acknowledged)


@dataclass(frozen=True, slots=True)
class Judged:
    """Denials of a line after the overrides: those that stand, those lifted and by what."""

    standing: tuple[Denial, ...] = ()
    lifted: tuple[Denial, ...] = ()
    used: frozenset[str] = frozenset()


def judge(denials: Iterable[Denial], overrides: Overrides) -> Judged:
    """Tell which denials stand."""
    standing, lifted, used = [], [], set()
    for one in denials:
        by = overrides.lifting(one)
        if by is None:
            standing.append(one)
        else:
            lifted.append(one)
            used.add(by)
    return Judged(tuple(standing), tuple(lifted), frozenset(used))


def parse_overrides(texts: Sequence[str]) -> Overrides:
    """Read ``CODE=FIGURE`` (typed) and ``CODE`` (acknowledged); InputError for anything else."""
    figures: dict[str, Decimal] = {}
    words: dict[str, str] = {}
    acknowledged: set[str] = set()
    for text in texts:
        name, equals, value = text.partition("=")
        control = _control(name.strip().upper())
        code, value = control.code.value, value.strip()
        if code in figures or code in words or code in acknowledged:
            raise InputError(f"{code} is overridden twice; give it once.")
        if control.grade is Grade.SOFT and not equals:
            acknowledged.add(code)
        elif control.grade is Grade.TYPED and control.word is not None:
            words[code] = _word(control, value)
        elif control.grade is Grade.TYPED:
            figures[code] = _figure(control, value)
        else:
            raise InputError(f"{code} takes no figure: acknowledge it with --ack {code}.")
    return Overrides(figures, words, frozenset(acknowledged))


def _control(name: str) -> Control:
    if name not in DenialCode.__members__:
        close = difflib.get_close_matches(name, DenialCode.__members__, n=1)
        hint = f"; did you mean {close[0]}?" if close else "."
        raise InputError(f"{name[:40]!r} is no code of a denial{hint} docs/risk.md lists them.")
    control = CONTROLS[DenialCode(name)]
    if control.grade is Grade.HARD:
        raise InputError(f"{name} cannot be overridden.")
    return control


def _figure(control: Control, text: str) -> Decimal:
    figure = read_figure(text)
    if figure is None or figure <= 0:
        raise InputError(
            f"{control.code} wants the figure that the plan shows:"
            f" --override {control.code}=FIGURE."
        )
    return figure


def _word(control: Control, text: str) -> str:
    if text.upper() != control.word:
        raise InputError(
            f"{control.code} is overridden by --override {control.code}={control.word}."
        )
    return text.upper()
