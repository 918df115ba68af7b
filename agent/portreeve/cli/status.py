"""``portreeve status``: what stands, at a glance."""

from collections import Counter
from collections.abc import Mapping, Sequence

import click

from portreeve.cli.exit_codes import EXIT_CODES
from portreeve.cli.options import agent_client, echo_json, output_option
from portreeve.cli.supervised import container_table, counts, service_table
from portreeve.cli.text import (
    COLOURS,
    NO_SYNCS,
    ago,
    ahead,
    counted,
    pairs,
    printable_data,
    span,
    state_words,
    table,
)
from portreeve.clock import SYSTEM_CLOCK
from portreeve.control import codec
from portreeve.control.outcome import outcome_of
from portreeve.control.overview import Overview
from portreeve.errors import ExitCode
from portreeve.reconcile.status import DockerStatus, State, SyncStatus
from portreeve.upgrade.status import PackageStatus

_MOST_PROBLEMS = 10
"""So many are shown: one mistyped file may have a hundred, and the table shall stay in sight."""

_MOST_NAMES = 8
"""So many of what a package touches are named: files of any package touch everything."""


@click.command("status", epilog="Example: portreeve status --output json")
@output_option
def command(output: str) -> ExitCode:
    """Show every sync, container and guarded service: its state, and why it is not as it should be.

    The exit code tells the worst of them: 0 all are in step (or held as asked), ready or not kept up; 1 one
    failed, is unready or was given up, or a definition has problems; 3 one waits; 4 one waits for Docker
    itself or the agent does not answer.
    """
    data = agent_client().get("/v1/status")
    if output == "json":
        echo_json(data)
        overview = codec.overview(data)
    else:
        overview = codec.overview(printable_data(data))
        for line in report(overview, SYSTEM_CLOCK.wall()):
            click.echo(line)
    outcome = outcome_of(overview.syncs, overview.containers, overview.services)
    return ExitCode.FAILED if overview.problems else EXIT_CODES[outcome]


def report(overview: Overview, now: float) -> list[str]:
    """The lines a person reads.

    Args:
        overview: what the agent told.
        now: wall-clock seconds.
    """
    lines = [_summary(overview)]
    if overview.syncs:
        rows = [["SYNC", "STATE", "SINCE", "VALUES", "WHY / NEXT"]]
        rows += [_row(sync, now) for sync in overview.syncs]
        colours = {number: {1: COLOURS[sync.state]} for number, sync in enumerate(overview.syncs, 1)}
        lines += ["", *table(rows, colours)]
    if overview.containers:
        lines += ["", *container_table(overview.containers, now, wide=False)]
    if overview.services:
        lines += ["", *service_table(overview.services, now)]
    if overview.pending:
        lines += ["", "packages that are being changed, or whose change is not proved yet:"]
        lines += [f"  {package_words(package, now)}" for package in overview.pending]
    if overview.pressure:
        lines += ["", "the host is short of something:", *(f"  {line}" for line in overview.pressure)]
    if overview.problems:
        problems = counted(len(overview.problems), "problem")
        lines += ["", f"{problems} in definitions (`portreeve check` shows the lines, and what to do):"]
        lines += [f"  {_problem(problem)}" for problem in overview.problems[:_MOST_PROBLEMS]]
        more = len(overview.problems) - _MOST_PROBLEMS
        lines += [f"  and {more} more"] if more > 0 else []
    return lines


def package_words(package: PackageStatus, now: float) -> str:
    """How a package stands: ``cockpit-ws 300: pre-upgrade 12s ago, holds cockpit for 14m at most``.

    Args:
        package: what the agent told.
        now: wall-clock seconds.
    """
    names = [*package.syncs, *package.services] or ["nothing"]
    more = len(names) - _MOST_NAMES
    text = ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
    rest = f"proves {text}" + (f"; not yet {', '.join(package.unproved)}" if package.unproved else "")
    if package.until is not None:
        rest = f"holds {text} for {span(max(0.0, package.until - now))} at most"
    return f"{package.title}: {package.event} {ago(package.since, now)}, {rest}"


def docker_words(docker: DockerStatus) -> str:
    """What is known of Docker, in few words."""
    if docker.state == "unused":
        return "docker not needed"
    return f"docker {docker.state.replace('-', ' ')} {docker.version}".rstrip()


def _summary(overview: Overview) -> str:
    starting = [] if overview.ready else ["starting"]
    words = [_counts(overview.syncs)] if overview.syncs else []
    words += [counts("container", overview.containers)] if overview.containers else []
    words += [counts("service", overview.services)] if overview.services else []
    head = [f"portreeve {overview.version}", *starting, docker_words(overview.docker)]
    return " · ".join([*head, *(words or [NO_SYNCS])])


def _counts(syncs: Sequence[SyncStatus]) -> str:
    found = Counter(sync.state for sync in syncs)
    words = ", ".join(f"{found[state]} {state_words(state)}" for state in _BY_GOODNESS if found[state])
    return f"{counted(len(syncs), 'sync')}: {words}"


_BY_GOODNESS = (
    State.IN_STEP,
    State.HELD,
    State.PENDING,
    State.WAITING,
    State.OVERDUE,
    State.FAILED,
    State.BROKEN,
    State.UNDECLARED,
)


def _row(sync: SyncStatus, now: float) -> list[str]:
    return [sync.name, state_words(sync.state), ago(sync.since, now), pairs(sync.values), _why(sync, now)]


def _why(sync: SyncStatus, now: float) -> str:
    if sync.trouble is None:
        return ""
    next_try = f" · next try {ahead(sync.next_try, now)}" if sync.next_try is not None else ""
    return f"{sync.trouble.what}{next_try}"


def _problem(problem: Mapping[str, str | int]) -> str:
    place = f"{problem['file']}:{problem['line']}" if problem["line"] else f"{problem['file']}"
    return f"{place}: {problem['message']}"
