"""The program ``swimdesk``: its global options, its commands by name, its exit codes."""

from __future__ import annotations

import importlib
import io
import os
import sys
from pathlib import Path
from typing import Final, NoReturn

import click

from swimdesk import __version__
from swimdesk.cli.endings import Interrupted, Refusal
from swimdesk.cli.invocation import AskOwner, Invocation, Session, ask_owner, desk_session
from swimdesk.cli.output import Output
from swimdesk.errors import InputError, InvariantBroken, SwimdeskError
from swimdesk.telemetry.crash import tell_uncaught_redacted, write_crash_report

COMMANDS: Final[dict[str, str]] = {
    "demo": "swimdesk.cli.demo:demo",
    "sim": "swimdesk.cli.sim:sim",
    "login": "swimdesk.cli.login:login",
    "logins": "swimdesk.cli.logins:logins",
    "vault": "swimdesk.cli.vault:vault",
    "status": "swimdesk.cli.status:status",
    "accounts": "swimdesk.cli.reads:accounts",
    "positions": "swimdesk.cli.reads:positions",
    "orders": "swimdesk.cli.reads:orders",
    "balances": "swimdesk.cli.reads:balances",
    "quote": "swimdesk.cli.market:quote",
    "chain": "swimdesk.cli.market:chain",
    "preview": "swimdesk.cli.trade:preview",
    "send": "swimdesk.cli.send:send",
    "cancel": "swimdesk.cli.cancel:cancel",
    "replace": "swimdesk.cli.replace:replace",
    "flatten": "swimdesk.cli.flatten:flatten",
    "undo": "swimdesk.cli.undo:undo",
    "broadcasts": "swimdesk.cli.history:broadcasts",
    "resolve": "swimdesk.cli.resolve:resolve",
    "foreign": "swimdesk.cli.foreign:foreign",
    "adopt": "swimdesk.cli.foreign:adopt",
    "ignore": "swimdesk.cli.foreign:ignore",
    "reconcile": "swimdesk.cli.reconcile:reconcile",
    "halt": "swimdesk.cli.guard:halt",
    "resume": "swimdesk.cli.guard:resume",
    "doctor": "swimdesk.cli.doctor:doctor",
    "bench": "swimdesk.cli.bench:bench",
}
"""Each command and where it is; its module is loaded when it is asked for."""

_INTERRUPTED: Final = 130
_BROKEN_PIPE: Final = 141
_STDOUT: Final = 1


class Commands(click.Group):
    """A group that loads a command with its first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of a day's work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--config", type=click.Path(path_type=Path), help="Another file than config.toml.")
@click.option(
    "--home",
    type=click.Path(path_type=Path),
    help="Folder for all that a run writes (SWIMDESK_HOME).",
)
@click.option("--no-ui", is_flag=True, help="Run the desk as a daemon until SIGTERM or SIGINT.")
@click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal: it marks text.")
@click.version_option(__version__, prog_name="swimdesk", message="%(prog)s %(version)s")
@click.pass_context
def swimdesk(
    context: click.Context, config: Path | None, home: Path | None, no_ui: bool, no_mouse: bool
) -> int | None:
    """One order, every account, one moment: trade many Schwab accounts together.

    Without a command: the console.
    """
    invocation = context.ensure_object(Invocation)
    invocation.config, invocation.home_option = config, home
    invocation.mouse = not no_mouse
    if context.invoked_subcommand is not None:
        if no_ui and context.invoked_subcommand != "demo":
            raise click.UsageError("--no-ui runs the daemon and takes no command beside it.")
        if no_mouse and context.invoked_subcommand != "demo":
            raise click.UsageError("--no-mouse is for the console: no command, or demo.")
        return None
    if no_ui:
        from swimdesk.cli.daemon import run_daemon

        run_daemon(invocation.home, invocation.config)
    else:
        from swimdesk.cli.console import run_console_command

        run_console_command(invocation.home, invocation.config, mouse=invocation.mouse)
    return None


def main() -> NoReturn:
    """Run the program with the arguments of this process."""
    tell_uncaught_redacted()
    for stream in (sys.stdout, sys.stderr):
        # A terminal that lacks a character gets its escape, not a crash.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))


def run(
    arguments: list[str], *, session: Session = desk_session, owner: AskOwner = ask_owner
) -> int:
    """Run one command and return its exit code; every error is told in plain lines or as JSON."""
    invocation = Invocation(session=session, owner=owner)
    try:
        code = swimdesk.main(arguments, prog_name="swimdesk", standalone_mode=False, obj=invocation)
        # Here and not at the end of the interpreter, where a broken pipe could not be told.
        sys.stdout.flush()
        return int(code or 0)
    except click.ClickException as error:
        return _tell_usage(invocation, error, as_json="--json" in arguments)
    except SwimdeskError as error:
        return _tell(invocation.output, Refusal(error))
    except Refusal as refusal:
        return _tell(invocation.output, refusal)
    except Interrupted as signal:
        if signal.said:
            invocation.output.note(signal.said)
        return signal.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _INTERRUPTED
    except (BrokenPipeError, SystemExit):
        # The latter is how click ends a command whose reader has gone.
        _forget_stdout()
        return _BROKEN_PIPE
    except Exception as error:  # noqa: BLE001 - the last resort: a report, never a traceback
        return _tell(invocation.output, Refusal(InvariantBroken(_report(invocation, error))))


def _forget_stdout() -> None:
    """Keep the interpreter from flushing into a broken pipe at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), _STDOUT)


def _tell(output: Output, refusal: Refusal) -> int:
    output.error(refusal)
    return int(refusal.error.exit_code)


def _tell_usage(invocation: Invocation, error: click.ClickException, *, as_json: bool) -> int:
    """Tell what is wrong with the command line; the parser may have stopped before ``--json``."""
    invocation.as_json = invocation.as_json or as_json
    context = error.ctx if isinstance(error, click.UsageError) else None
    hint = f" See `{context.command_path} --help`." if context else ""
    return _tell(invocation.output, Refusal(InputError(f"{error.format_message()}{hint}")))


def _report(invocation: Invocation, error: Exception) -> str:
    """Write the crash report; say where it is, or why there is none."""
    what = f"{type(error).__name__} stopped the command."
    try:
        path = write_crash_report(invocation.home / "logs", error)
    except OSError as trouble:
        return f"{what} A report could not be written ({trouble.strerror or trouble})."
    return f"{what} The report is in {path}; orders that were sent are in the journal."
