"""A brokerage core of a few lines, for tests of what carries its answers."""

from __future__ import annotations

from swimdesk.sim.messages import SimRequest, SimResponse


class ScriptedCore:
    """Answer every request by the response scripted for its path, else by 200 and ``[]``."""

    def __init__(self, script: dict[str, SimResponse] | None = None) -> None:
        self.script = {} if script is None else script
        self.requests: list[SimRequest] = []
        self.advances = 0
        self.due_s: float | None = None

    def handle(self, request: SimRequest) -> SimResponse:
        self.requests.append(request)
        return self.script.get(request.path, SimResponse(200, b"[]"))

    def advance(self) -> None:
        self.advances += 1

    def next_due_s(self) -> float | None:
        return self.due_s


class ScriptedControl(ScriptedCore):
    """The same behind the control endpoint."""

    async def answer(self, request: SimRequest) -> SimResponse:
        return self.handle(request)


class BrokenCore(ScriptedCore):
    """Raise on every request."""

    def handle(self, request: SimRequest) -> SimResponse:
        raise ValueError(f"no answer to {request.path}")
