"""From what became of a broadcast to the exit code of the command that sent it."""

from __future__ import annotations

from swimdesk.errors import ExitCode
from swimdesk.views.models import BroadcastView

_UNWANTED = frozenset({"denied", "skipped", "refused", "rejected", "not_sent", "absent", "planned"})
_NEVER_LEFT = frozenset({"not_sent", "absent"})
_KEPT_BACK = frozenset({"denied", "skipped"})


def exit_code_of(view: BroadcastView) -> ExitCode:
    """Return the exit code; the first row that fits decides.

    | lines                                                                       | code |
    |-----------------------------------------------------------------------------|------|
    | any in doubt                                                                | 5    |
    | every line that was to be sent did not leave (not sent, absent)             | 9    |
    | any denied, skipped, refused, rejected, not sent or not sent yet            | 4    |
    | else (all taken by the broker: working, filled, canceled, expired)          | 0    |

    A broadcast of which our own checks leave nothing is never made: that is OrderDenied, 3.
    A line still sending when the wait ended counts as one that the broker has.
    """
    states = {line.state for line in view.lines}
    if "in_doubt" in states or view.counts.get("in_doubt", 0):
        return ExitCode.IN_DOUBT
    meant = states - _KEPT_BACK
    if meant and meant <= _NEVER_LEFT:
        return ExitCode.UNREACHABLE
    return ExitCode.PARTIAL if states & _UNWANTED else ExitCode.DONE
