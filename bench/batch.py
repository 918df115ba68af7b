"""Starting many containers on a host that has not the memory to start all at once: three ways."""

import os
import sys
import tempfile
from pathlib import Path

from bench import followers, table
from bench.places import TOP


def run(count: int) -> None:
    """Print the table, or why there is none.

    Args:
        count: how many containers.
    """
    table.heading(
        f"{count} containers started together, each of which holds 64 MiB for a second while it starts",
        "in a host of the lab whose memory is limited so that a sixth of them could start at the same moment",
    )
    if os.geteuid() != 0:
        table.skipped("three ways", "booting a host needs root")
        return
    missing = followers.lacks("systemd-nspawn", "debootstrap")
    if missing:
        table.skipped("three ways", missing)
        return
    sys.path.insert(0, str(Path(TOP, "tests")))
    from host.batch import WAYS, Batch, limit
    from host.lab.machine import Host
    from host.lab.memory_limit import MemoryLimit
    from host.lab.run import Run
    from host.lab.snapshots import equipped, install, plain
    from host.lab.wheel import wheelhouse

    table.row("", "seconds", "ready", "together", "killed", "peak MiB")
    lab = Run()
    try:
        with tempfile.TemporaryDirectory() as wheels:
            server = equipped(lab, plain(lab, "bookworm"), wheelhouse(Path(wheels)))
        for way in WAYS:
            with Host(lab, server, "bench") as machine:
                install(machine)
                batch = Batch(machine, count)
                batch.create()
                batch.define()
                with MemoryLimit(machine.name, limit(count)) as limited:
                    found = batch.start(way)
                    table.row(
                        way,
                        found.seconds,
                        f"{found.serving}/{count}",
                        found.together,
                        limited.killed,
                        limited.peak >> 20,
                    )
    finally:
        lab.close()
