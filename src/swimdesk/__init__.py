"""swimdesk: one order, every account, one moment."""

from __future__ import annotations

__version__ = "0.1.0"
