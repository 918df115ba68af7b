"""Runs inside a host with systemd: ``python3 -m bench.guest COUNT ROUNDS`` prints milliseconds as JSON."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import followers
from bench.followers import Running
from bench.latency import measure
from bench.places import Place

UNITS = Path("/run/systemd/system")
FOLDER = Path("/var/tmp")
REST = 0.1
"""Seconds: a path unit loses a change that comes before its service has ended [measured, systemd 252]."""

FOLLOW = """port=$(sed -n 's/^port *= *//p' "$1"); [[ $port ]] && sed -i "s/.*/listen $port/" "$2"
"""


@contextmanager
def path_units(place: Place) -> Iterator[Running]:
    """A path unit and a oneshot for each pair."""
    (FOLDER / "bench-follow").write_text(FOLLOW)
    names = []
    for number, pair in enumerate(place.pairs):
        target = pair.targets[0]
        target.write_text("listen 9000\n")
        name = f"bench-{number}"
        (UNITS / f"{name}.path").write_text(f"[Path]\nPathChanged={pair.source}\nTriggerLimitIntervalSec=0\n")
        (UNITS / f"{name}.service").write_text(
            "[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=oneshot\n"
            f"ExecStart=/bin/bash {FOLDER}/bench-follow {pair.source} {target}\n"
        )
        names.append(name)
    paths = [f"{name}.path" for name in names]
    subprocess.run(["systemctl", "daemon-reload"], check=True)
    subprocess.run(["systemctl", "start", *paths], check=True)
    try:
        yield Running(1, 0.0)
    finally:
        subprocess.run(["systemctl", "stop", *paths], check=True)
        for name in names:
            (UNITS / f"{name}.path").unlink()
            (UNITS / f"{name}.service").unlink()
        subprocess.run(["systemctl", "daemon-reload"], check=True)


def main() -> None:
    """Measure the floor, then path units."""
    count, rounds = map(int, sys.argv[1:])
    found = {
        name: measure(FOLDER, follower, count, atomic=False, rounds=rounds, rest=REST)
        for name, follower in (("floor", followers.floor), ("path unit + oneshot", path_units))
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
