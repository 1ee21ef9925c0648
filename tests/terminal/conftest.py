from __future__ import annotations

from tests.e2e.conftest import folder, set_stage

__all__ = ["folder", "set_stage"]
