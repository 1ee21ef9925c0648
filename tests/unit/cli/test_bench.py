"""How far a run of the bench is: one line on a terminal, nothing elsewhere."""

from __future__ import annotations

import io

from swimdesk.cli.bench import progress


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_has_one_line_that_is_empty_at_the_end() -> None:
    terminal = Terminal()
    with progress(terminal) as tell:
        tell("45 accounts: repetition 1 of 2")
        tell("45 accounts: repetition 2 of 2")
    texts = terminal.getvalue().split("\r\x1b[2K")
    assert texts == ["", "45 accounts: repetition 1 of 2", "45 accounts: repetition 2 of 2", ""]


def test_a_file_or_a_pipe_is_told_nothing() -> None:
    file = io.StringIO()
    with progress(file) as tell:
        tell("45 accounts: repetition 1 of 2")
    assert file.getvalue() == ""
