"""A systemd path unit with a oneshot, inside a host of the lab, beside the floor and portreeve there."""

import json
import os
import sys
import tempfile
from pathlib import Path

from bench import followers, table
from bench.places import TOP

_PYTHON = "/opt/portreeve/venv/bin/python3"
"""That of the installed portreeve."""


def run(counts: tuple[int, ...], rounds: int) -> None:
    """Print the table, or why there is none."""
    table.heading(
        "inside a host with systemd, ms: write in place",
        "path unit: PathChanged=, a oneshot with sed, start limits off; 0.1 s of rest between changes,",
        "since it loses a change that comes while its service runs",
    )
    if os.geteuid() != 0:
        table.skipped("path unit + oneshot", "booting a host needs root")
        return
    missing = followers.lacks("systemd-nspawn", "debootstrap")
    if missing:
        table.skipped("path unit + oneshot", missing)
        return
    sys.path.insert(0, str(Path(TOP, "tests")))
    from host.lab.machine import Host
    from host.lab.run import Run
    from host.lab.snapshots import equipped, install, plain
    from host.lab.wheel import wheelhouse

    table.row("", "p50", "p95", "p99", "p50/floor")
    lab = Run()
    try:
        with tempfile.TemporaryDirectory() as wheels:
            server = equipped(lab, plain(lab, "bookworm"), wheelhouse(Path(wheels)))
        with Host(lab, server, "bench") as machine:
            install(machine)
            machine.run("systemctl", "stop", "portreeve.service")
            machine.copy_in(TOP / "bench", "/root/bench")
            for count in counts:
                argv = (_PYTHON, "-m", "bench.guest", str(count), str(rounds))
                found = json.loads(machine.run("env", "-C", "/root", *argv, timeout=900).stdout)
                floor = 0.0
                for name, taken in found.items():
                    if not taken:
                        # Each path unit has an inotify instance of its own, so systemd meets this limit.
                        most = Path("/proc/sys/fs/inotify/max_user_instances").read_text().strip()
                        table.skipped(f"{count} × {name}", f"did not start; max_user_instances={most}")
                        continue
                    cut = table.percentiles(taken)
                    floor = floor or cut[0]
                    table.row(f"{count} × {name}", *cut, table.ratio(cut[0], floor))
    finally:
        lab.close()
