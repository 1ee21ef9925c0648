"""The methods of the facade as data, read off its type hints; a new method needs no code here."""

from __future__ import annotations

import inspect
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints

from swimdesk.desk.facade import DeskFacade
from swimdesk.errors import InputError
from swimdesk.views.codec import from_json


@dataclass(frozen=True, slots=True)
class Method:
    """One method of the facade: its parameters and their types, and what it returns."""

    name: str
    parameters: Mapping[str, Any]
    returns: Any

    @property
    def only_waits(self) -> bool:
        """Whether a call changes nothing and lasts as long as its caller wants (``wait_s``)."""
        return "wait_s" in self.parameters

    def read_arguments(self, body: object) -> dict[str, Any]:
        """Rebuild the arguments of a call; InputError names what is missing, unknown or wrong."""
        if not isinstance(body, dict) or not isinstance(body.get("args", {}), dict):
            raise InputError(f'{self.name} takes {{"args": {{...}}}}, found {reprlib.repr(body)}.')
        given = body.get("args", {})
        if set(given) != set(self.parameters):
            takes = ", ".join(self.parameters) or "nothing"
            found = reprlib.repr(", ".join(sorted(given))) if given else "nothing"
            raise InputError(f"{self.name} takes {takes}, found {found}.")
        return {name: self._read_argument(name, given[name]) for name in self.parameters}

    def _read_argument(self, name: str, value: object) -> Any:  # noqa: ANN401 - of the hinted type
        try:
            return from_json(self.parameters[name], value)
        except ValueError as error:
            raise InputError(f"{self.name}, argument {name}: {error}.") from None


def _read_methods() -> dict[str, Method]:
    methods = {}
    for name, function in vars(DeskFacade).items():
        if inspect.iscoroutinefunction(function) and not name.startswith("_"):
            hints = get_type_hints(function)
            returns = hints.pop("return")
            methods[name] = Method(name, hints, returns)
    return methods


METHODS: Mapping[str, Method] = _read_methods()
