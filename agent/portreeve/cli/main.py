"""The program ``portreeve``: its commands, and the one place where an error becomes an exit code."""

import io
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

import click

from portreeve import __version__
from portreeve.cli.lazy import LazyGroup
from portreeve.cli.tell import tell, tell_error
from portreeve.control.failures import SUDO
from portreeve.errors import ExitCode, PortreeveError

INTERRUPTED = 130
"""The exit code of a program that was ended by Ctrl-C, as a shell has it: 128 + SIGINT."""

SUMMARIES = {
    "status": "What stands, at a glance.",
    "explain": "Everything about one thing: what stands, why, since when, what to do.",
    "sync": "Converge now.",
    "diff": "What would change in the files, as diffs.",
    "wait": "Wait until syncs are in step, containers and services are ready, Docker is up.",
    "history": "The generations of a sync.",
    "rollback": "Put an earlier generation back and hold it there.",
    "containers": "List, start, stop, reset and recreate declared containers.",
    "services": "List guarded services, and guard again what was given up.",
    "adopt": "Take the values that the host has now into their sources.",
    "check": "Tell every mistake in definitions and templates, offline.",
    "graph": "A picture of what was declared, offline.",
    "doctor": "Examine the installation.",
    "hook": "Tell that a package is changed, from its maintainer scripts.",
    "units": "The generated unit files.",
    "run": "The agent itself, as portreeve.service runs it.",
}


@dataclass(slots=True)
class Switches:
    """What was said before the command.

    Args:
        debug: show tracebacks.
    """

    debug: bool = False


@click.group(
    cls=LazyGroup,
    summaries=SUMMARIES,
    epilog="Exit codes: 0 done or in step · 1 failed · 2 usage · 3 not yet · 4 the agent or Docker cannot be "
    "reached · 5 refused. Example: portreeve status",
)
@click.version_option(__version__, prog_name="portreeve", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show a traceback with each error.")
@click.pass_context
def cli(context: click.Context, *, debug: bool) -> None:
    """Keep this host in step with values that live in its Docker containers."""
    context.obj.debug = debug
    if os.environ.get("NO_COLOR"):
        # https://no-color.org: any value that is not empty; click leaves it to its users.
        context.color = False


def run(arguments: Sequence[str]) -> int:
    """Run one command line; returns its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a letter is no reason to fail.
            stream.reconfigure(errors="replace")
    switches = Switches()
    try:
        result = cli.main(list(arguments), prog_name="portreeve", standalone_mode=False, obj=switches)
    except PortreeveError as error:
        _show_traceback(switches)
        tell_error(error)
        return error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        # Its message is the help itself.
        click.echo(error.format_message(), err=True)
        return error.exit_code
    except click.ClickException as error:
        usage = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "portreeve"
        what = error.format_message().rstrip(".")
        tell(what[:1].lower() + what[1:], hint=f"{usage} --help")
        return error.exit_code
    except PermissionError as error:
        # What works with files itself (`run`, `check`, `units`) may be called by anybody.
        _show_traceback(switches)
        tell("not allowed", str(error), SUDO)
        return ExitCode.REFUSED
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except OSError as error:
        # A full disk or a read-only one, be it what the output goes to.
        _show_traceback(switches)
        tell((error.strerror or str(error)).lower(), str(error.filename or ""))
        return ExitCode.FAILED
    except Exception as error:  # noqa: BLE001 - the last boundary: nothing may end in a bare traceback
        _show_traceback(switches)
        tell(
            "portreeve made a mistake",
            f"{type(error).__name__}: {error}",
            "run it again as `portreeve --debug …` and report what it shows",
        )
        return ExitCode.FAILED
    return int(result or ExitCode.DONE)


def main() -> NoReturn:
    """The program's entry."""
    code = run(sys.argv[1:])
    try:
        if sys.stdout is not None:  # Somebody may have closed it.
            sys.stdout.flush()
    except OSError:
        # It was told. Python would try once more at the exit, and say so in its own way.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = code or ExitCode.FAILED
    sys.exit(code)


def _show_traceback(switches: Switches) -> None:
    if switches.debug:
        import traceback

        traceback.print_exc()
