"""``portreeve explain``: everything about one sync."""

from collections.abc import Iterator

import click

from portreeve.cli.options import agent_client, complete_syncs, echo_json, output_option
from portreeve.cli.text import ago, ahead, clock_time, coloured, counted, printable_data, state_words
from portreeve.clock import SYSTEM_CLOCK
from portreeve.control import codec
from portreeve.control.client import quote
from portreeve.errors import ExitCode
from portreeve.reconcile.status import Stage, State, SyncStatus

_STAGES = {
    Stage.DESIRED: "its content is not known yet",
    Stage.RENDERED: "its content is rendered, not checked yet",
    Stage.VALIDATED: "its content is checked, not written yet",
    Stage.WRITTEN: "its files are written, not applied yet",
    Stage.APPLIED: "its files are written and applied, not verified yet",
    Stage.VERIFIED: "its files are written, applied and verified",
}

_LABEL_WIDTH = 11


@click.command("explain", epilog="Example: portreeve explain cockpit")
@click.argument("name", shell_complete=complete_syncs)
@output_option
def command(name: str, output: str) -> ExitCode:
    """Tell which step of a sync stands, on what evidence, since when, and what to do.

    Also its values and where they come from, which defaults are in use, and the files it generates. The exit
    code is 0 whenever this could be told.
    """
    data = agent_client().get(f"/v1/syncs/{quote(name)}")
    if output == "json":
        echo_json(data)
    else:
        for line in report(codec.sync_status(printable_data(data)), SYSTEM_CLOCK.wall()):
            click.echo(line)
    return ExitCode.DONE


def report(sync: SyncStatus, now: float) -> list[str]:
    """The lines a person reads.

    Args:
        sync: what the agent told.
        now: wall-clock seconds.
    """
    lines = [f"{sync.name} is {coloured(state_words(sync.state), sync.state)}"]
    if sync.description:
        lines.append(f"  {sync.description}")
    lines.append("")
    for label, text in _facts(sync, now):
        first, *more = text.splitlines() or [""]
        lines.append(f"{label:{_LABEL_WIDTH}}{first}".rstrip())
        lines += [" " * _LABEL_WIDTH + line for line in more]
    return lines


def _facts(sync: SyncStatus, now: float) -> Iterator[tuple[str, str]]:
    trouble = sync.trouble
    if trouble is not None:
        step = f"at {trouble.step}: " if trouble.step else ""
        # "held" and "undeclared" are states and reasons: the first line has said them.
        reason = "" if trouble.reason.value == sync.state.value else f" ({trouble.reason})"
        yield "why", f"{step}{trouble.what}{reason}"
        if trouble.evidence:
            yield "evidence", trouble.evidence
    yield "since", f"{ago(sync.since, now)} ({clock_time(sync.since)})"
    if sync.state not in (State.IN_STEP, State.HELD, State.BROKEN, State.UNDECLARED):
        yield "next try", _next_try(sync, now)
    if trouble is not None and trouble.hint:
        yield "to do", trouble.hint
    yield "stage", _STAGES[sync.stage]
    yield "in force", "nothing yet" if sync.generation is None else _generation(sync.generation)
    yield from _listed("values", [_value(sync, name, text) for name, text in sync.values.items()])
    yield from _listed("left out", list(sync.left_out))
    yield from _listed("from", [f"{name}: {place}" for name, place in sync.sources.items()])
    yield from _listed("files", list(sync.targets))


def _next_try(sync: SyncStatus, now: float) -> str:
    tried = f", after {counted(sync.attempts, 'attempt')}" if sync.attempts else ""
    if sync.next_try is None:
        return f"when something it depends on changes, or with the next resync{tried}"
    return f"{ahead(sync.next_try, now)}{tried}"


def _generation(number: int) -> str:
    return f"generation {number}" if number else "what was there before portreeve (generation 0)"


def _value(sync: SyncStatus, name: str, text: str) -> str:
    return f"{name} = {text}" + (" (the default: its key is absent)" if name in sync.defaulted else "")


def _listed(label: str, texts: list[str]) -> Iterator[tuple[str, str]]:
    if texts:
        yield label, "\n".join(texts)
