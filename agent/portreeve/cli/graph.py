"""``portreeve graph``: a picture of what was declared, without the agent, root or Docker."""

import json
from dataclasses import asdict

import click

from portreeve.cli.options import complete_syncs, output_option
from portreeve.control.names import unknown_sync
from portreeve.paths import Paths


@click.command("graph", epilog="Example: portreeve graph --format svg > portreeve.svg")
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=complete_syncs)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["dot", "mermaid", "svg"]),
    default="dot",
    show_default=True,
    help="For Graphviz, for Markdown, or a picture.",
)
@output_option
def command(names: tuple[str, ...], format_: str, output: str) -> None:
    """Draw how values flow: sources, syncs, files, and the units and containers that they reach.

    Without NAME all syncs are drawn; with NAMEs these. It is made of the definitions alone: neither the agent
    nor Docker nor root is needed, and no value is in it. JSON output has the nodes and edges, whatever the
    format.
    """
    # pydantic takes longer to import than other commands take to run.
    from portreeve.definitions.load import load
    from portreeve.graph.build import build

    definitions = load(Paths.from_environment())
    for name in names:
        if name not in definitions.syncs:
            broken = [key.removeprefix("syncs.d/") for key in definitions.broken]
            raise unknown_sync(name, [*definitions.syncs, *broken])
    if not names:
        for name in definitions.broken:
            click.echo(f"warning: {name} is not valid and is left out: portreeve check", err=True)
    graph = build(definitions, names)
    if output == "json":
        click.echo(json.dumps(asdict(graph), indent=2))
    elif format_ == "dot":
        from portreeve.graph.dot import to_dot

        click.echo(to_dot(graph))
    elif format_ == "mermaid":
        from portreeve.graph.mermaid import to_mermaid

        click.echo(to_mermaid(graph))
    else:
        from portreeve.graph.svg import to_svg

        click.echo(to_svg(graph))
