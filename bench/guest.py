"""Runs inside a host with systemd: ``python3 -m bench.guest COUNT ROUNDS`` prints milliseconds as JSON.

Of what could not be started there are none. The Python must be one that has portreeve.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import followers
from bench.followers import Follower, Running
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
    try:
        subprocess.run(["systemctl", "start", *paths], check=True)
        yield Running(1, 0.0)
    finally:
        subprocess.run(["systemctl", "stop", *paths], check=True)
        for name in names:
            (UNITS / f"{name}.path").unlink()
            (UNITS / f"{name}.service").unlink()
        subprocess.run(["systemctl", "daemon-reload"], check=True)


def main() -> None:
    """Measure the floor, portreeve, and path units."""
    count, rounds = map(int, sys.argv[1:])
    contestants: tuple[tuple[str, Follower], ...] = (
        ("floor", followers.floor),
        ("portreeve", followers.agent),
        ("path unit + oneshot", path_units),
    )
    found: dict[str, list[float]] = {}
    for name, follower in contestants:
        try:
            found[name] = measure(FOLDER, follower, count, atomic=False, rounds=rounds, rest=REST)
        except subprocess.CalledProcessError:
            found[name] = []
    print(json.dumps(found))


if __name__ == "__main__":
    main()
