"""``portreeve check``: what is wrong with definitions and templates, without the agent, root or Docker."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from portreeve.errors import ExitCode, PortreeveError
from portreeve.paths import Paths

if TYPE_CHECKING:
    from portreeve.definitions.model import Definitions


@click.command(
    "check",
    epilog="Example: portreeve check examples/syncs.d/cockpit.toml",
)
@click.argument(
    "files",
    nargs=-1,
    metavar="[FILE]...",
    type=click.Path(exists=True, dir_okay=False, readable=False, path_type=Path),
)
@click.option(
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people or machines.",
)
@click.pass_context
def command(context: click.Context, files: tuple[Path, ...], output: str) -> None:
    """Tell every mistake in definitions and templates.

    Without FILE, everything on the search path (/etc/portreeve, /run/portreeve, /usr/local/lib/portreeve,
    /usr/lib/portreeve) is looked at; with FILEs exactly those definitions. Nothing is changed, and neither
    the agent nor Docker nor root is needed.
    """
    # pydantic and Jinja2 take longer to import than all other commands take to run.
    from portreeve.definitions.load import load
    from portreeve.definitions.selection import load_files

    paths = Paths.from_environment()
    found = load_files(paths, files) if files else load(paths)
    if output == "json":
        click.echo(_as_json(found))
    else:
        click.echo(_as_text(found))
        if not files and not found.problems:
            _tell_of_drop_ins(found, paths)
    if found.problems:
        places = len({problem.file for problem in found.problems})
        click.echo(f"{_counted(len(found.problems), 'problem')} in {_counted(places, 'file')}", err=True)
        context.exit(ExitCode.FAILED)


def _tell_of_drop_ins(found: "Definitions", paths: Paths) -> None:
    """Saving a service is not all that has to be done: systemd learns of it by its drop-in."""
    from portreeve.cli.examine_units import INSTALL, to_install

    try:
        waiting = to_install(found, paths)
    except (PortreeveError, OSError):
        # `portreeve units install` and `portreeve doctor` tell what is wrong with them.
        return
    if waiting:
        click.echo(f"the drop-in of {', '.join(waiting)} is not as services.d says: {INSTALL}")


def _as_text(found: "Definitions") -> str:
    if found.problems:
        return "\n\n".join(problem.render() for problem in found.problems)
    counts = (
        _counted(len(found.syncs), "sync"),
        _counted(len(found.services), "service"),
        _counted(len(found.containers), "container"),
    )
    return f"{', '.join(counts)}: no problems"


def _as_json(found: "Definitions") -> str:
    result = {
        "problems": [problem.to_json() for problem in found.problems],
        "syncs": sorted(found.syncs),
        "services": sorted(found.services),
        "containers": sorted(found.containers),
        "broken": sorted(found.broken),
    }
    return json.dumps(result, indent=2)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
