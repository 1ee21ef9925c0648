"""The loop over the pages: look, decide, act, until the callback comes or there is no way on."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn, Protocol

from swimdesk.login.signin.deciding import (
    Choose,
    Click,
    Fill,
    Memory,
    Move,
    Stop,
    Tell,
    Tick,
    Wait,
    decide,
)
from swimdesk.login.signin.racing import first_of
from swimdesk.login.signin.sights import Sight
from swimdesk.telemetry.redaction import Secret

LOOK_EVERY_S: Final = 0.1
LOOK_ASIDE_S: Final = 0.5
"""So often the page is looked at while the person is asked, who may answer in the window."""
WHOLE_S: Final = 300.0
"""So long a sign-in may take, the person's own time not counted."""

FACTORS: Final[Mapping[str, str]] = {
    "push": "approval in the broker's mobile app",
    "sms": "text message",
    "voice": "phone call",
    "code": "code of the authenticator",
}


class Stopped(Exception):
    """Tell that the walk ended without a callback."""

    def __init__(self, stop: Stop) -> None:
        super().__init__(stop.reason)
        self.stop = stop


class Moved(Exception):
    """Tell that the page changed under the hands; it is looked at again."""


class Hands(Protocol):
    """What can be done to the pages; Stopped where the browser is gone."""

    @property
    def callback(self) -> Secret | None:
        """The address that the broker sent the browser to at the end."""
        ...

    async def look(self) -> Sight:
        """Tell what is visible."""
        ...

    async def type_into(self, sight: Sight, part: str, text: Secret) -> None:
        """Type into the first visible field of that part, key by key; Moved."""
        ...

    async def click(self, sight: Sight, part: str) -> None:
        """Click the first visible element of that part; Moved."""
        ...

    async def tick(self, sight: Sight, index: int) -> None:
        """Click the box with this number unless it is ticked; Moved."""
        ...


class Talk(Protocol):
    """The line to the person."""

    def told(self, text: str) -> None:
        """Tell a step."""
        ...

    def asked(
        self, kind: str, text: str, choices: tuple[str, ...] = ()
    ) -> Coroutine[Any, Any, Secret]:
        """Return the person's answer; a cancelled question is not asked any longer."""
        ...


@dataclass(slots=True)
class Walk:
    """One way through the pages, from the authorize address to the callback."""

    hands: Hands
    talk: Talk
    secrets: Mapping[str, Secret]
    memory: Memory
    _person_s: float = 0.0

    async def run(self) -> Secret:
        """Return the callback address; Stopped says why there is none."""
        clock = asyncio.get_running_loop().time
        began_s = changed_s = clock()
        seen: Sight | None = None
        while True:
            if (callback := self.hands.callback) is not None:
                return callback
            sight = await self.hands.look()
            if sight != seen:
                changed_s = clock()
                self._told_of(sight, seen)
                self.memory = self.memory.seeing(sight)
                seen = sight
            if clock() - began_s - self._person_s > WHOLE_S:
                raise Stopped(Stop(f"the sign-in took longer than {WHOLE_S:.0f} s"))
            move = decide(sight, self.memory, clock() - changed_s)
            if isinstance(move, Wait):
                await asyncio.sleep(LOOK_EVERY_S)
                continue
            try:
                await self._make(move, sight)
            except Moved:
                await asyncio.sleep(LOOK_EVERY_S)

    def _told_of(self, sight: Sight, before: Sight | None) -> None:
        if sight.page is not None and (before is None or before.page != sight.page):
            self.talk.told(sight.page.says)

    async def _make(self, move: Move, sight: Sight) -> None:
        match move:
            case Stop():
                raise Stopped(move)
            case Tell(text):
                self.talk.told(text)
                self.memory = self.memory.after(move, sight)
            case Tick(boxes):
                self.memory = self.memory.after(move, sight)
                for index in boxes:
                    await self.hands.tick(sight, index)
            case Choose(factors):
                chosen = await self._chosen(factors, sight)
                await self._click(Choose((chosen,)), sight, chosen)
            case Click(part):
                await self._click(move, sight, part)
            case Fill():
                await self._fill(move, sight)

    async def _fill(self, move: Fill, sight: Sight) -> None:
        if sight.error:
            self.talk.told(f'the page says "{sight.error}"')
        texts = [(part, await self._text_of(kind, sight)) for part, kind in move.fields]
        await self._expect_same(sight)
        for part, text in texts:
            await self.hands.type_into(sight, part, text)
        await self._click(move, await self._expect_same(sight), move.submit)

    async def _click(self, move: Move, sight: Sight, part: str) -> None:
        # Remembered first: what may have been sent off counts as sent off.
        self.memory = self.memory.after(move, sight)
        await self.hands.click(sight, part)

    async def _expect_same(self, sight: Sight) -> Sight:
        """Look again; Moved if the page went on, came anew or complains meanwhile."""
        now = await self.hands.look()
        if (now.page, now.visit, now.error) != (sight.page, sight.visit, sight.error):
            raise Moved
        return now

    async def _text_of(self, kind: str, sight: Sight) -> Secret:
        kept = self.secrets.get(kind)
        if kept is not None:
            return kept
        answer = (await self._asked(sight, kind, f"{_ASKED[kind]}: ")).reveal()
        # Codes are shown, and copied, in groups.
        text = "".join(answer.split()) if kind == "code" else answer.strip()
        if not text:
            self.talk.told("nothing was typed, and nothing was sent")
            raise Moved
        return Secret(text)

    async def _chosen(self, factors: tuple[str, ...], sight: Sight) -> str:
        if len(factors) == 1:
            self.talk.told(f"second factor: {FACTORS[factors[0]]}")
            return factors[0]
        shown = ", ".join(f"{factor} ({FACTORS[factor]})" for factor in factors)
        answer = await self._asked(sight, "choice", f"Second factor, one of {shown}: ", factors)
        chosen = answer.reveal().strip().lower()
        if chosen not in factors:
            self.talk.told(f"that is none of {', '.join(factors)}")
            raise Moved
        return chosen

    async def _asked(
        self, sight: Sight, kind: str, text: str, choices: tuple[str, ...] = ()
    ) -> Secret:
        clock = asyncio.get_running_loop().time
        began_s = clock()
        try:
            question = self.talk.asked(kind, text, choices)
            if self.memory.is_watched:
                return await first_of(question, self._left(sight))
            return await question
        finally:
            self._person_s += clock() - began_s

    async def _left(self, sight: Sight) -> NoReturn:
        """Wait until the person goes on from that page in the window; Moved."""
        while True:
            await asyncio.sleep(LOOK_ASIDE_S)
            page = (await self.hands.look()).page
            has_gone_on = page is not None and page != sight.page
            if has_gone_on or self.hands.callback is not None:
                raise Moved


_ASKED: Final = {
    "user": "Login id",
    "password": "Password",
    "code": "Code of the second factor",
}
