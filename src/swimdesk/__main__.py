"""``python -m swimdesk`` and the installed command: Ctrl-C is seen to before all else loads."""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import NoReturn

_INTERRUPTED = 130


def main() -> NoReturn:
    """Run the program with the arguments of this process.

    While modules load and at the very end there is nothing to tidy up: an interrupt ends the
    process then and there, instead of raising in the middle of somebody's import.
    """
    # One that is ignored, as under nohup, stays so.
    is_ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if is_ours:
        signal.signal(signal.SIGINT, _leave)
    from swimdesk.cli.app import main as program

    try:
        if is_ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        program()
    except KeyboardInterrupt:
        os._exit(_INTERRUPTED)
    finally:
        if is_ours:
            signal.signal(signal.SIGINT, _leave)


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    os._exit(_INTERRUPTED)


if __name__ == "__main__":
    main()
