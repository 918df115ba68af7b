"""``portreeve adopt``: the host's values become those of their sources, once, without the agent."""

import json
import sys
from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING

import click

from portreeve.cli.options import complete_syncs, output_option
from portreeve.cli.text import printable
from portreeve.control.names import unknown_sync
from portreeve.errors import Reason, Refused
from portreeve.paths import Paths

if TYPE_CHECKING:
    from portreeve.adopt.model import Adoptable


@click.command("adopt", epilog="Example: sudo portreeve adopt cockpit --dry-run")
@click.argument("name", shell_complete=complete_syncs)
@click.option("--yes", is_flag=True, help="Write without asking.")
@click.option("--dry-run", is_flag=True, help="Show the values, and write nothing.")
@output_option
def command(name: str, output: str, *, yes: bool, dry_run: bool) -> None:
    """Take the values that the host has now into the sources of the sync NAME.

    For a host that was set up by hand before portreeve: each value whose definition has `adopt` is read from
    that file of the host, shown beside what its source says, and, once you agree, written to the source in
    place. A running agent sees the change and follows. Needs root and Docker, not the agent.

    The exit code is 0 when the values are the same or were written, 1 when the host has nothing valid, 5 when
    nobody agreed.
    """
    # pydantic, the SDK and the formats take longer to import than other commands take to run.
    from portreeve.adopt.adopt import edited, look, notes, write
    from portreeve.containers.connection import Docker
    from portreeve.definitions.load import load

    definitions = load(Paths.from_environment())
    sync = definitions.syncs.get(name)
    if sync is None:
        broken = [key.removeprefix("syncs.d/") for key in definitions.broken if key.startswith("syncs.d/")]
        raise unknown_sync(name, [*definitions.syncs, *broken])
    with closing(Docker(definitions.settings.docker)) as docker:
        found = look(definitions, sync, docker)
    differs = [each for each in found if each.differs]
    told = notes(sync)
    if output == "text":
        _show(found, told)
    # Nobody is told, or asked about, what cannot be done.
    edited(found)
    if differs and not dry_run:
        if not yes:
            _ask(len(differs), output)
        write(found)
    if output == "json":
        click.echo(_as_json(name, found, told, written=bool(differs) and not dry_run))
    else:
        click.echo(_result(name, len(differs), dry_run=dry_run))


def _show(found: "Sequence[Adoptable]", notes: Sequence[str]) -> None:
    for each in found:
        host, source = (printable(each.shown(value)) for value in (each.host, each.current))
        width = max(len(host), len(source))
        click.echo(f"{each.value.name}")
        click.echo(f"  on the host    {host:{width}}  {printable(each.host_place)}")
        click.echo(f"  in its source  {source:{width}}  {printable(each.source_place)}")
    for note in notes:
        click.echo(f"note: {printable(note)}")


def _ask(count: int, output: str) -> None:
    what = "write the host's value to its source" if count == 1 else f"write {count} values to their sources"
    if output == "json" or not sys.stdin.isatty():
        raise Refused(
            Reason.NOT_CONFIRMED,
            f"nobody is there who could be asked whether to {what}",
            hint="nothing was changed; --yes writes without asking, --dry-run only shows",
        )
    if not click.confirm(f"{what[:1].upper()}{what[1:]}?", default=False):
        raise Refused(Reason.NOT_CONFIRMED, "nothing was changed")


def _result(name: str, count: int, *, dry_run: bool) -> str:
    if not count:
        return "nothing to adopt: the sources say what the host says"
    values = "1 value" if count == 1 else f"{count} values"
    return f"{name}: {values} {'would be written' if dry_run else 'written'}"


def _as_json(name: str, found: "Sequence[Adoptable]", notes: Sequence[str], *, written: bool) -> str:
    values = [
        {
            "name": each.value.name,
            "host": each.shown(each.host),
            "host_place": each.host_place,
            "source": None if each.current is None else each.shown(each.current),
            "source_place": each.source_place,
            "differs": each.differs,
        }
        for each in found
    ]
    return json.dumps({"sync": name, "values": values, "notes": list(notes), "written": written}, indent=2)
