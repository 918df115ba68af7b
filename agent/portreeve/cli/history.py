"""``portreeve history``: the generations of a sync."""

from collections.abc import Sequence
from textwrap import shorten

import click

from portreeve.cli.options import agent_client, complete_syncs, echo_json, output_option
from portreeve.cli.text import ago, pairs, printable_data, table
from portreeve.clock import SYSTEM_CLOCK
from portreeve.control import codec
from portreeve.control.client import quote
from portreeve.errors import ExitCode
from portreeve.reconcile.status import GenerationInfo

_NOTE = 100
"""Characters of a note, which may be all that a validator printed; JSON has it whole."""


@click.command("history", epilog="Example: sudo portreeve history cockpit")
@click.argument("name", shell_complete=complete_syncs)
@output_option
def command(name: str, output: str) -> ExitCode:
    """Show what a sync wrote and how it ended, newest first; an asterisk marks what is in force.

    Generation 0 is what was there before portreeve.
    """
    data = agent_client().get(f"/v1/syncs/{quote(name)}/history", control=True)
    if output == "json":
        echo_json(data)
    else:
        for line in report(codec.history(printable_data(data)), SYSTEM_CLOCK.wall()):
            click.echo(line)
    return ExitCode.DONE


def report(generations: Sequence[GenerationInfo], now: float) -> list[str]:
    """The lines a person reads.

    Args:
        generations: newest first.
        now: wall-clock seconds.
    """
    if not generations:
        return ["nothing was written yet"]
    rows = [["", "GENERATION", "WRITTEN", "OUTCOME", "VALUES", "NOTE"]]
    rows += [
        [
            "*" if one.current else "",
            str(one.number),
            ago(one.created, now),
            one.outcome,
            pairs(one.values),
            shorten(one.note, _NOTE, placeholder="…"),
        ]
        for one in generations
    ]
    return table(rows)
