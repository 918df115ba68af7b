"""``portreeve explain``: everything about one sync, container or service."""

import os
from collections.abc import Iterable, Iterator
from typing import Any

import click

from portreeve.cli.explain_supervised import (
    Fact,
    container_facts,
    container_title,
    service_facts,
    service_title,
)
from portreeve.cli.options import agent_client, complete_anything, echo_json, output_option
from portreeve.cli.status import package_words
from portreeve.cli.text import ago, ahead, clock_time, coloured, counted, printable_data, state_words
from portreeve.clock import SYSTEM_CLOCK
from portreeve.control import codec
from portreeve.control.client import quote
from portreeve.control.names import Kind
from portreeve.control.overview import Overview
from portreeve.errors import ExitCode, Misuse, Reason
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
@click.argument("name", shell_complete=complete_anything)
@output_option
def command(name: str, output: str) -> ExitCode:
    """Tell what stands in the way of NAME, on what evidence, since when, and what to do.

    Of a sync also its values and where they come from, which defaults are in use, and the files it generates;
    of a container when it counts as ready, what its probe saw, its restarts and, for root, the end of its
    log. Where a container or service has the name of a sync: container:NAME, service:NAME. The exit code is 0
    whenever this could be told.
    """
    client = agent_client()
    status = client.get("/v1/status")
    (kind, plain), *others = find(name, status)
    # What a container logs is for root alone.
    control = kind is Kind.CONTAINER and os.geteuid() == 0
    data = client.get(f"/v1/{kind.value}s/{quote(plain)}", control=control)
    if output == "json":
        echo_json(data)
    else:
        now = SYSTEM_CLOCK.wall()
        packages = _packages(codec.overview(printable_data(status)), kind, plain, now)
        for line in (*report_of(kind, printable_data(data), now), *packages):
            click.echo(line)
        for other, known in others:
            click.echo(f"there is a {other.value} too: portreeve explain {other.value}:{known}", err=True)
    return ExitCode.DONE


def _packages(overview: Overview, kind: Kind, name: str, now: float) -> list[str]:
    """The packages that something is left alone for, or is proved for."""
    about = [
        package_words(package, now)
        for package in overview.pending
        if name in {Kind.SYNC: package.syncs, Kind.SERVICE: package.services}.get(kind, ())
    ]
    return _told(_listed("package", about))


def find(text: str, status: dict[str, Any]) -> list[tuple[Kind, str]]:
    """What a name may mean: a sync before a container or a service, unless the name says what it is of.

    Args:
        text: as somebody wrote it: a name, also a container's own, or ``container:NAME``.
        status: the answer of ``/v1/status``.

    Returns:
        kind and name of what is meant, then of what else has the name.

    Raises:
        Misuse: there is no such sync, and a container and a service have this name; or nothing has a name
            like it.
    """
    prefix, _, rest = text.partition(":")
    kinds = (Kind.SYNC, Kind.CONTAINER, Kind.SERVICE)
    asked = [kind for kind in kinds if rest and kind.value == prefix]
    name = rest if asked else text
    # A name that nothing has is told by the agent, with a suggestion.
    found = [
        (kind, known)
        for kind in asked or kinds
        for known in [_known_as(name, status.get(f"{kind.value}s", []))]
        if known is not None
    ] or [(asked[0] if asked else _likeliest(name, status, kinds), name)]
    if len(found) > 1 and found[0][0] is not Kind.SYNC:
        meant = " or ".join(f"{kind.value}:{known}" for kind, known in found)
        raise Misuse(
            Reason.USAGE, f"`{name}` is a container and a service", hint=f"portreeve explain {meant}"
        )
    return found


def _known_as(name: str, statuses: list[dict[str, Any]]) -> str | None:
    """The name of what is called so: by its definition, else by Docker or systemd."""
    for key in ("name", "container", "unit"):
        for status in statuses:
            if status.get(key) == name:
                return str(status["name"])
    return None


def _likeliest(name: str, status: dict[str, Any], kinds: Iterable[Kind]) -> Kind:
    """The kind in which something has a name like this.

    Raises:
        Misuse: nothing has.
    """
    from portreeve.definitions.suggestions import nearest

    names = {kind: [one["name"] for one in status.get(f"{kind.value}s", ())] for kind in kinds}
    near = nearest(name, [one for found in names.values() for one in found])
    if near is None:
        what = f"there is no sync, container or service `{name}`"
        raise Misuse(Reason.UNKNOWN_NAME, what, hint="`portreeve status` lists them")
    return next(kind for kind, found in names.items() if near in found)


def report_of(kind: Kind, data: dict[str, Any], now: float) -> list[str]:
    """The lines that a person reads.

    Args:
        kind: what it is about.
        data: what the agent told.
        now: wall-clock seconds.
    """
    if kind is Kind.CONTAINER:
        container = codec.container_status(data)
        facts = container_facts(container, now)
        return _lines(container_title(container), container.description, facts)
    if kind is Kind.SERVICE:
        service = codec.service_status(data)
        return _lines(service_title(service), service.description, service_facts(service, now))
    return report(codec.sync_status(data), now)


def report(sync: SyncStatus, now: float) -> list[str]:
    """The lines that a person reads about a sync.

    Args:
        sync: what the agent told.
        now: wall-clock seconds.
    """
    title = f"{sync.name} is {coloured(state_words(sync.state), sync.state)}"
    return _lines(title, sync.description, _facts(sync, now))


def _lines(title: str, description: str, facts: Iterable[Fact]) -> list[str]:
    lines = [title]
    if description:
        lines.append(f"  {description}")
    lines.append("")
    return [*lines, *_told(facts)]


def _told(facts: Iterable[Fact]) -> list[str]:
    lines = []
    for label, text in facts:
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
