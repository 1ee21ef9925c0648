"""``python -m swimdesk``."""

from __future__ import annotations

from swimdesk.cli.app import main

if __name__ == "__main__":
    main()
