"""Carries a script out: asks the desk what an operator asks, and places other people's orders."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from swimdesk.desk.desk import Desk
from swimdesk.errors import SwimdeskError
from swimdesk.sim.accounts import SimAccount
from swimdesk.sim.faults import FaultPlan
from swimdesk.sim.messages import SimRequest
from swimdesk.views.requests import PlanRequest, Scope, SubmitRequest
from tests.chaos.findings import Hand
from tests.chaos.script import Order, Script, Step
from tests.chaos.timing import now_s
from tests.chaos.world import CrashPoint, World
from tests.fakes.sim_client import shares

CENT = Decimal("0.01")
RESTART_S = 0.4


@dataclass(slots=True)
class Halt:
    """From when on nothing may leave; None while all may."""

    since_s: float | None = None


class Operator:
    """The person at the desk, and whoever else trades in these accounts."""

    def __init__(self, world: World, script: Script) -> None:
        self._world = world
        self._script = script
        self._lives = 0
        self.asked: list[str] = []
        """Broadcasts that were asked for, in order."""
        self.sent: list[tuple[str, int]] = []
        """Those that the desk took, each with the place of its order."""
        self.halt = Halt()
        self._prices = [self._price(order.symbol, order.off) for order in script.orders]
        self._handed: dict[str, str] = {}
        """By login the token of whoever places orders by hand."""
        self._acts: dict[str, Callable[[Step], Awaitable[None]]] = {
            "send": self._send, "again": self._send, "cancel": self._cancel,
            "cancel_all": self._cancel_all, "replace": self._replace, "halt": self._halt,
            "kill": self._kill, "close": self._close, "second": self._second,
            "twin": self._twin, "jump": self._jump,
        }  # fmt: skip

    async def act(self, step: Step) -> None:
        """Do one step of the script."""
        self._world.trace.note("step", step.kind, step.pick, step.word)
        self._world.happened[step.kind] += 1
        await self._acts[step.kind](step)

    async def pause(self, until_s: float) -> None:
        """Let time pass; a desk that dies meanwhile is started again."""
        while (left_s := until_s - now_s()) > 0:
            process = self._world.process
            if process is None:
                await asyncio.sleep(min(left_s, RESTART_S))
                await self.start()
                continue
            try:
                async with asyncio.timeout(left_s):
                    await process.life.ended.wait()
            except TimeoutError:
                return
            await self._world.kill(process)

    async def start(self) -> None:
        """Start the desk; its script says at which call it will die."""
        crashes = self._script.crashes
        crash = crashes[self._lives] if self._lives < len(crashes) else CrashPoint()
        self._lives += 1
        await self._world.start(crash)

    # --- the operator ------------------------------------------------------------------------

    def _ask(self, work: Callable[[Desk], Coroutine[Any, Any, object]]) -> None:
        """Ask the desk for something, and do not wait for it."""
        process = self._world.process
        if process is not None:
            process.life.run(self._asked(work(process.desk)))

    async def _asked(self, work: Awaitable[object]) -> None:
        try:
            await work
        except SwimdeskError as error:
            self._world.trace.note("told", error.code)
        except Exception as error:  # noqa: BLE001 - a finding
            self._world.crashes.append(f"{type(error).__name__}: {error}")

    async def _send(self, step: Step) -> None:
        order, price = self._order(step)
        at = "MKT" if price is None else f"@{price} LMT"
        text = f"BUY +{order.units} {order.symbol} {at}"
        waves = step.word if step.kind == "send" else "all"
        self._ask(lambda desk: self._plan_and_submit(desk, text, waves, step.pick % 8))

    async def _plan_and_submit(self, desk: Desk, text: str, waves: str, place: int) -> None:
        plan = await desk.preview(PlanRequest(text, Scope(everyone=True)))
        broadcast = self._world.ids.mint()
        self.asked.append(broadcast)
        await desk.submit(SubmitRequest(plan.plan, broadcast, waves=waves))
        self.sent.append((broadcast, place))

    def _target(self, step: Step) -> tuple[str, int] | None:
        """Choose a broadcast, or its line in one account, and say of which order it is."""
        if not self.sent:
            return None
        broadcast, place = self.sent[step.pick // 8 % len(self.sent)]
        if step.word == "all" or step.pick % 3 == 0:
            return broadcast, place
        accounts = self._world.accounts
        return f"{broadcast}/{accounts[step.pick // 64 % len(accounts)].alias}", place

    async def _cancel(self, step: Step) -> None:
        target = self._target(step)
        if target is not None:
            self._ask(lambda desk: desk.cancel(target[0]))

    async def _cancel_all(self, _: Step) -> None:
        self._ask(lambda desk: desk.cancel_all())

    async def _replace(self, step: Step) -> None:
        target = self._target(step)
        if target is None:
            return
        price = self._price(self._script.orders[target[1]].symbol, step.word)
        if price is not None:
            self._ask(lambda desk: desk.replace(target[0], price))

    async def _halt(self, step: Step) -> None:
        self._ask(self._halted)
        await self.pause(now_s() + step.span_s + 1.0)
        self._ask(self._resumed)

    async def _halted(self, desk: Desk) -> None:
        await desk.halt("the operator said so")
        self.halt.since_s = now_s()

    async def _resumed(self, desk: Desk) -> None:
        self.halt.since_s = None
        await desk.resume()

    # --- processes ---------------------------------------------------------------------------

    async def _kill(self, step: Step) -> None:
        process = self._world.process
        if process is not None:
            await self._world.kill(process)
        await asyncio.sleep(step.span_s)
        if self._world.process is None:
            await self.start()

    async def _close(self, step: Step) -> None:
        process = self._world.process
        if process is not None:
            await self._world.close(process)
        await asyncio.sleep(step.span_s)
        if self._world.process is None:
            await self.start()

    async def _second(self, _: Step) -> None:
        await self._world.start()

    # --- the world outside -------------------------------------------------------------------

    async def _jump(self, step: Step) -> None:
        self._world.clock.ahead += timedelta(seconds=int(step.word))

    async def _twin(self, step: Step) -> None:
        """Place what the operator also places, by hand and past all faults."""
        accounts = self._world.broker.accounts
        chosen = step.pick // 8 % (2 * len(accounts))
        for account in accounts if chosen >= len(accounts) else [accounts[chosen]]:
            self._place_by_hand(account, step)
            self._world.happened[f"twin_{step.word}"] += 1

    def _place_by_hand(self, account: SimAccount, step: Step) -> None:
        order, price = self._order(step)
        broker = self._world.broker
        plan = broker.faults.plan
        broker.faults.plan = FaultPlan()
        try:
            body = json.dumps(self._body(order, price)).encode()
            path = f"/trader/v1/accounts/{account.hash_value}/orders"
            headers = {"authorization": f"Bearer {self._token(account.login)}"}
            response = broker.handle(SimRequest("POST", path, {}, headers, body))
        finally:
            broker.faults.plan = plan
        assert response.status == 201, response.body
        made = account.orders[-1]
        if step.word == "other":
            made.tag = "API_TOS:TRADE_ALL"
        self._world.by_hand[str(made.order_id)] = Hand(step.word, now_s())

    def _order(self, step: Step) -> tuple[Order, Decimal | None]:
        place = step.pick % 8
        return self._script.orders[place], self._prices[place]

    def _body(self, order: Order, price: Decimal | None) -> dict[str, Any]:
        return shares("BUY", order.units, order.symbol, None if price is None else str(price))

    def _token(self, login: str) -> str:
        if login not in self._handed:
            self._handed[login] = self._world.hand_token(login)
        return self._handed[login]

    def _price(self, symbol: str, off: str | None) -> Decimal | None:
        if off is None:
            return None
        quote = self._world.broker.market.quote(symbol)
        assert quote is not None
        return (quote.last * Decimal(off)).quantize(CENT, ROUND_HALF_UP)
