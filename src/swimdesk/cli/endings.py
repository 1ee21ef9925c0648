"""How a command can end other than well: an error with more to show, or a signal."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from typing import Any

from swimdesk.errors import SwimdeskError


class Refusal(Exception):
    """An error together with what the operator needs beside it to understand it.

    ``order`` is the text that the error's column points into; ``beside`` goes into the JSON
    document next to ``"error"``.
    """

    def __init__(
        self,
        error: SwimdeskError,
        *,
        order: str | None = None,
        beside: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(error.detail)
        self.error = error
        self.order = order
        self.beside = dict(beside or {})


class Interrupted(Exception):
    """Tell that a signal ended the command; ``said`` is what the operator should know then."""

    def __init__(self, number: int, said: str = "") -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number
        self.said = said

    @property
    def exit_code(self) -> int:
        """The exit code that shells give to a program ended by this signal."""
        return 128 + self.number
