"""What syncs would do, for ``diff`` and for ``sync --dry-run``."""

from collections.abc import Iterator, Sequence

import click

from portreeve.cli.text import NO_SYNCS, printable_data
from portreeve.control import codec
from portreeve.control.client import Client, quote
from portreeve.control.outcome import for_docker
from portreeve.errors import ExitCode
from portreeve.reconcile.status import Preview

PREVIEW_TIMEOUT = 60.0
"""Seconds: the agent reads the sources for it, and Docker may be slow."""


def fetch(client: Client, names: Sequence[str]) -> list[object]:
    """The previews of syncs as JSON data; of all that are declared, when none is named."""
    wanted = names or [entry["name"] for entry in client.get("/v1/status")["syncs"] if _can_be_read(entry)]
    return [
        client.get(f"/v1/syncs/{quote(name)}/preview", control=True, timeout=PREVIEW_TIMEOUT)
        for name in wanted
    ]


def show(data: Sequence[object], *, diffs: bool) -> None:
    """Print previews for people.

    Args:
        data: what :func:`fetch` returned.
        diffs: with the diffs of the files; a plan is a comment to them, so that ``patch`` reads the whole.
    """
    if not data:
        click.echo(f"# {NO_SYNCS}" if diffs else NO_SYNCS)
    for entry in data:
        preview = _decoded(printable_data(entry))
        for line in _plan(preview):
            click.echo(f"# {line}" if diffs else line)
        if diffs:
            for file in preview.files:
                for line in file.diff.splitlines():
                    click.echo(_coloured(line))


def exit_code(data: Sequence[object]) -> ExitCode:
    """Done, unless the sources of one could not be read."""
    troubles = [trouble for entry in data if (trouble := _decoded(entry).trouble) is not None]
    if any(map(for_docker, troubles)):
        return ExitCode.UNREACHABLE
    return ExitCode.NOT_YET if troubles else ExitCode.DONE


def _can_be_read(entry: dict[str, object]) -> bool:
    # What has no definition has no targets, also while it is held at what was there before.
    return entry["state"] != "broken" and bool(entry["targets"])


def _decoded(entry: object) -> Preview:
    assert isinstance(entry, dict)
    return codec.preview(entry)


def _plan(preview: Preview) -> Iterator[str]:
    yield f"{preview.name}: {preview.plan}"
    if preview.trouble is not None:
        yield from (f"  {line}" for line in preview.trouble.evidence.splitlines())
        if preview.trouble.hint:
            yield f"  hint: {preview.trouble.hint}"


def _coloured(line: str) -> str:
    if line.startswith(("+++", "---")):
        return click.style(line, bold=True)
    colours = {"+": "green", "-": "red", "@": "cyan"}
    return click.style(line, fg=colours[line[0]]) if line[:1] in colours else line
