"""``portreeve hook``: what the maintainer scripts of other packages call."""

import re
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import click

from portreeve.cli.bounded import Interrupted, bounded
from portreeve.cli.hook_report import HookReport
from portreeve.cli.options import Duration
from portreeve.cli.progress import cut_off, exit_code
from portreeve.control.client import Client
from portreeve.errors import ExitCode, Misuse, Reason
from portreeve.paths import Paths
from portreeve.upgrade.leave_mark import leave_mark
from portreeve.upgrade.mark import Event
from portreeve.upgrade.surroundings import Reach, look, other_root, reach

BEFORE, AFTER = 10.0, 60.0
"""Seconds that a hook takes at most before its package is changed, and after."""

_MARK_ALONE = 10.0
"""Seconds for the mark, where nothing else was asked for; on a disk that works it takes milliseconds."""

_QUERY = 3.0
"""Seconds for asking dpkg and rpm, which need a tenth of one."""

_SILENCE = 20.0
"""Seconds without a line or heartbeat (one comes every 15 s) after which the agent counts as hung."""

_SPARE = 0.5
"""Seconds before the end at which the agent is to give up waiting, so that it can tell how far it came."""

_PACKAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9+._:~^-]{0,199}", re.ASCII)
_HINT = "portreeve hook --help"


class _ForScripts(click.Command):
    """A command whose wrong usage is told and is no error, unless it was asked to be strict."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        strict = "--strict" in args
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.UsageError as error:
            if strict:
                raise
            _say(HookReport("hook").later(f"{error.format_message().rstrip('.')} ({_HINT})"))
            raise click.exceptions.Exit(ExitCode.DONE) from error


class _Bound(Duration):
    """A duration, or ``0``."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read it."""
        return 0.0 if value == "0" else super().convert(value, param, ctx)


@click.command(
    "hook",
    cls=_ForScripts,
    epilog="Example: portreeve hook post-upgrade --package cockpit-ws --version 300 || true",
)
@click.argument("event", metavar="EVENT", type=click.Choice([event.value for event in Event]))
@click.option("--package", default="", help="The package whose script this is.")
@click.option("--version", default="", help="Its version that is coming, or has come.")
@click.option(
    "--timeout", type=_Bound(), help="Take at most that long (10s before, 60s after); 0 only notes it."
)
@click.option("--strict", is_flag=True, help="Exit codes that tell how it went, for people and CI.")
def command(event: str, package: str, version: str, timeout: float | None, *, strict: bool) -> int:
    """Tell that a package is about to be changed, or was changed.

    EVENT is pre-install, pre-upgrade or pre-remove, post-install, post-upgrade or post-remove.

    For maintainer scripts. Syncs and guarded services that touch the package's units, or its files in /etc,
    are left alone from pre-… to post-…, and then proved again. It is noted on the disk, so that an agent
    that does not run makes up for it. One line on standard error tells what was kept.
    The exit code is 0 whatever happens, nothing is asked, and the time is bounded. With --strict, it is 0
    when all is in step, 3 when not yet, 4 when the agent cannot be reached.
    """
    happened = Event(event)
    bound = timeout if timeout is not None else BEFORE if happened.before else AFTER
    report = HookReport(f"{package} {version}".strip() or event)
    try:
        with bounded(bound or _MARK_ALONE):
            code = _hook(happened, package, version, bound, report)
    except Interrupted as interrupted:
        _say(report.later("it took too long" if interrupted.out_of_time else "it was ended by a signal"))
        code = ExitCode.NOT_YET if interrupted.out_of_time else 128 + interrupted.number
    except Exception as error:
        if strict:
            raise
        # The last boundary: no trouble of ours may end another package's transaction.
        _say(report.later(str(error) or type(error).__name__))
        code = ExitCode.FAILED
    return code if strict else ExitCode.DONE


def _hook(event: Event, package: str, version: str, bound: float, report: HookReport) -> int:
    if (event is Event.TRIGGERED) == bool(package) or (package and not _PACKAGE.fullmatch(package)):
        what = f"--package is `{package}`" if package else f"{event.value} needs --package"
        raise Misuse(Reason.USAGE, what, hint=_HINT)
    end = time.monotonic() + (bound or _MARK_ALONE)
    root = other_root()
    paths = Paths(Path(root)) if root else Paths.from_environment()
    leave_mark(paths, event, package, version, timeout=min(_QUERY, (bound or _MARK_ALONE) / 3))
    report.noted = True
    possible = (
        reach(look(paths.control_socket)) if bound else Reach(agent=False, here=False, why="--timeout 0")
    )
    if not possible.agent:
        _say(report.later(possible.why))
        if possible.here:
            return ExitCode.UNREACHABLE
        return ExitCode.DONE if event.before else ExitCode.NOT_YET
    left = max(_SPARE, end - time.monotonic() - _SPARE)
    client = Client(paths, timeout=min(left, _SILENCE))
    route = f"/v1/hooks?timeout={left:.3f}"
    with closing(
        client.stream(route, {"package": package}, silence=min(left + _SPARE / 2, _SILENCE))
    ) as lines:
        for line in lines:
            report.take(line)
            if "result" in line:
                break
        else:
            raise cut_off()
    code = exit_code(line)
    _say(report.held() if event.before else report.kept())
    return code


def _say(line: str) -> None:
    """Tell it, if it can be told: a script's standard error may be closed, full, or read by nobody."""
    if not line:
        return
    with suppress(OSError, ValueError, Interrupted), bounded(1.0):
        click.echo(line, err=True)
