"""``portreeve units``: the unit files that portreeve generates, without the agent."""

import json
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portreeve.errors import Misuse, Reason
from portreeve.paths import Paths

if TYPE_CHECKING:
    from portreeve.systemd.bus import Systemd
    from portreeve.systemd.install import Changes

_VERIFY_TIMEOUT = 60.0
_PACKAGED = Path("/usr/bin/portreeve")


def _program_option(function: Callable[..., None]) -> Callable[..., None]:
    return click.option(
        "--program",
        type=click.Path(path_type=Path),
        help="Absolute path of portreeve in the units.  [default: the one that runs]",
    )(function)


def _output_option(function: Callable[..., None]) -> Callable[..., None]:
    return click.option(
        "--output",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="For people or machines.",
    )(function)


_force_option = click.option(
    "--force", is_flag=True, help="Also replace or remove files that were edited by hand."
)


@click.group("units", epilog="Example: portreeve units show portreeve.service")
def command() -> None:
    """Show, check, install and remove generated unit files.

    These are portreeve.service, portreeve-sync@.service, portreeve-container@.service, and a drop-in for
    every unit in services.d. None of these commands needs the agent.
    """


@command.command(
    "show", short_help="Print the unit files.", epilog="Example: portreeve units show portreeve.service"
)
@click.argument("name", required=False)
@_program_option
@_output_option
def show(name: str | None, program: Path | None, output: str) -> None:
    """Print the unit files as they would be installed.

    NAME is a unit (portreeve.service, or the unit of a definition); without it all are printed.
    """
    files = _generated(program)[0]
    if name is not None:
        known = files
        files = {path: text for path, text in files.items() if name in {path, path.split(".d/")[0]}}
        if not files:
            raise Misuse(
                Reason.UNKNOWN_NAME,
                f"no unit file is generated for {name}",
                hint=f"generated are: {', '.join(known)}",
            )
    if output == "json":
        click.echo(json.dumps({"units": files}, indent=2))
        return
    for path, text in files.items():
        click.echo(text if name is not None else f"# ---- {path}\n{text}")


@command.command("verify", short_help="Have systemd judge them.", epilog="Example: portreeve units verify")
@_program_option
@_output_option
def verify(program: Path | None, output: str) -> None:
    """Have systemd judge the unit files, and look for ordering cycles in a boot with them."""
    from portreeve.systemd.boot_order import verify_generated

    files = _generated(program)[0]
    verify_generated(files, _VERIFY_TIMEOUT)
    if output == "json":
        click.echo(json.dumps({"verified": list(files)}))
    else:
        click.echo(f"{len(files)} unit files: no problems, no ordering cycle")


@command.command(
    "install", short_help="Write them to /etc/systemd/system.", epilog="Example: sudo portreeve units install"
)
@_program_option
@_force_option
@_output_option
def install(program: Path | None, force: bool, output: str) -> None:
    """Write the unit files to /etc/systemd/system and have systemd read them.

    Files that are right already are not touched, and those that a package has are left to it. Nothing is
    enabled or started.
    """
    from portreeve.systemd.install import install as put_in_place

    paths = Paths.from_environment()
    files, complete = _generated(program)
    _report(put_in_place(files, paths, _systemd(paths), force=force, prune=complete), output)


@command.command(
    "remove", short_help="Remove what was installed.", epilog="Example: sudo portreeve units remove"
)
@_force_option
@_output_option
def remove(force: bool, output: str) -> None:
    """Remove exactly what `portreeve units install` has written."""
    from portreeve.systemd.install import remove as take_away

    paths = Paths.from_environment()
    _report(take_away(paths, _systemd(paths), force=force), output)


def _generated(program: Path | None) -> tuple[Mapping[str, str], bool]:
    """All unit files, and whether every service could be read."""
    from portreeve.definitions.load import load
    from portreeve.systemd.generate import generate

    definitions = load(Paths.from_environment())
    broken = [name for name in definitions.broken if name.startswith("services.d/")]
    for name in broken:
        click.echo(f"warning: {name} is not valid; what was generated from it stays", err=True)
    return generate(definitions, program or _this_program()), not broken


def _this_program() -> Path:
    """``portreeve`` beside the interpreter that runs it, where a virtual environment has it.

    By the path under which it was called, where that leads there: install.sh has a link to the environment
    that is in use, and units that name the environment itself would stay behind at the next upgrade. The
    Debian package's units name the command on the PATH.
    """
    beside = Path(sys.executable).with_name("portreeve")
    if _PACKAGED.exists() and beside.is_file() and _PACKAGED.samefile(beside):
        return _PACKAGED
    called = Path(sys.argv[0]).absolute()
    while called.is_symlink():
        called = called.parent / called.readlink()
    if called.is_file() and beside.is_file() and called.samefile(beside):
        return called
    found = str(beside) if beside.is_file() else shutil.which("portreeve")
    if found is None:
        raise Misuse(Reason.USAGE, "it is not known where portreeve is installed", hint="give --program PATH")
    return Path(found).absolute()


def _systemd(paths: Paths) -> "Systemd | None":
    from portreeve.systemd.bus import Systemd, systemd_running

    # Files below another root are none of the running systemd's business.
    return Systemd() if systemd_running() and paths.root == Path("/") else None


def _report(changes: "Changes", output: str) -> None:
    told: dict[str, Any] = {
        "written": [str(file) for file in changes.written],
        "removed": [str(file) for file in changes.removed],
        "unchanged": [str(file) for file in changes.unchanged],
    }
    if output == "json":
        click.echo(json.dumps(told))
        return
    lines = [f"{what}: {file}" for what in ("written", "removed") for file in told[what]]
    click.echo("\n".join(lines) or "nothing to do")
