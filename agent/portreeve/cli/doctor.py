"""``portreeve doctor``: examines the installation, also when the agent is down."""

from collections.abc import Sequence
from pathlib import Path

import click

from portreeve.cli import examine_agent, examine_host, examine_state, examine_units
from portreeve.cli.findings import Finding, Level
from portreeve.cli.options import echo_json, output_option
from portreeve.cli.text import printable_data
from portreeve.control import codec
from portreeve.control.client import Client
from portreeve.control.codec import to_json
from portreeve.errors import ExitCode, PortreeveError
from portreeve.paths import Paths

_COLOURS = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "red"}


@click.command("doctor", epilog="Example: sudo portreeve doctor")
@output_option
def command(output: str) -> ExitCode:
    """Look at everything portreeve needs, and say what to do about what is not well.

    Works without the agent. The exit code is 1 when something failed; a warning is none.
    """
    findings = examine(Paths.from_environment())
    if output == "json":
        echo_json(to_json(findings))
    else:
        for line in report(findings):
            click.echo(line)
    failed = any(finding.level is Level.FAIL for finding in findings)
    return ExitCode.FAILED if failed else ExitCode.DONE


def examine(paths: Paths) -> list[Finding]:
    """Everything that is looked at, in the order in which it should be mended."""
    findings = [examine_host.python(), examine_host.systemd(), examine_host.units(paths)]
    findings += examine_units.drop_ins(paths)
    if paths.root == Path("/"):
        # What lies below another root is none of the running systemd's business.
        findings += examine_host.boot()
    findings.append(examine_host.inotify())
    targets: list[str] = []
    try:
        overview = codec.overview(printable_data(Client(paths).get("/v1/status")))
    except PortreeveError as error:
        findings += [examine_agent.unreachable(error), examine_host.docker_socket()]
        findings += examine_state.state_file(paths)
    else:
        findings += examine_agent.answered(overview)
        if overview.docker.state not in ("up", "unused"):
            findings.append(examine_host.docker_socket())
        targets = [target for sync in overview.syncs for target in sync.targets]
    return [*findings, examine_host.state(paths), *examine_host.disks(paths, targets)]


def report(findings: Sequence[Finding]) -> list[str]:
    """The lines a person reads: each finding, and below it what to do."""
    width = max(len(finding.name) for finding in findings)
    lines = []
    for finding in findings:
        level = click.style(f"{finding.level:4}", fg=_COLOURS[finding.level])
        lines.append(f"{level}  {finding.name:{width}}  {finding.what}")
        if finding.remedy:
            lines.append(f"      {'':{width}}  {finding.remedy}")
    return lines
