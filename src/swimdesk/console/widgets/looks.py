"""How a grid looks before a theme says otherwise: one component class for each role and state."""

from __future__ import annotations

from swimdesk.console.widgets.cells import Role

STATES = ("mark", "cursor", "cursor-blurred")
"""What lies behind the texts of a row: a background, never a colour of theirs."""

COMPONENTS = (*(role.value for role in Role), *STATES, "header", "placeholder")

# The scrollbar's cells stay free without it: it goes one frame later than what makes it go, and
# would until then hide the end of figures that had been given its cells.
GRID_CSS = """
GridSurface {
    background: $surface;
    color: $foreground;
    scrollbar-size-vertical: 1;
    scrollbar-size-horizontal: 1;
    scrollbar-gutter: stable;
    & > .livegrid--header { text-style: bold; color: $text-muted; background: $panel; }
    & > .livegrid--placeholder { color: $text-muted; }
    & > .livegrid--dim { color: $text-muted; }
    & > .livegrid--strong { text-style: bold; }
    & > .livegrid--gain { color: $text-success; }
    & > .livegrid--loss { color: $text-error; }
    & > .livegrid--warn { color: $text-warning; }
    & > .livegrid--danger { color: $text-error; text-style: bold reverse; }
    & > .livegrid--doubt { color: $doubt; text-style: bold reverse; }
    & > .livegrid--accent { color: $text-accent; }
    & > .livegrid--mark { background: $secondary 15%; text-style: bold; }
    & > .livegrid--cursor { background: $primary 25%; text-style: bold; }
    & > .livegrid--cursor-blurred { background: $primary 12%; }
}
"""
