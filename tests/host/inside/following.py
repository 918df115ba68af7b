"""Runs inside a host: moves the units of one container as the agent would, and measures how long it takes."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from portreeve.boot import boot_id
from portreeve.supervise.followers import Followers
from portreeve.supervise.record import Record
from portreeve.systemd.bus import Systemd

READY = Path("/run/ready")
DEADLINE = 10.0


def main(container: str, rounds: int, dependents: list[str]) -> None:
    followers = Followers(Systemd(), lambda _: None, boot_id())
    record = Record(container)
    stops, starts = [], []
    record = followers.ready(container, record)
    until(lambda: all(map(active, dependents)), time.monotonic())
    for _ in range(rounds):
        (READY / container).unlink(missing_ok=True)
        began = time.monotonic()
        record = followers.lost(container, record)
        stops.append(until(lambda: not any(map(active, dependents)), began))
        (READY / container).touch()
        began = time.monotonic()
        record = followers.ready(container, record)
        starts.append(until(lambda: all(map(active, dependents)), began))
    print(json.dumps({"stops": stops, "starts": starts, "instances": followers.instances()}))


def active(unit: str) -> bool:
    done = subprocess.run(["systemctl", "is-active", unit], stdout=subprocess.PIPE, text=True)
    return done.stdout.strip() == "active"


def until(condition: Callable[[], bool], began: float) -> float:
    while not condition():
        if time.monotonic() - began > DEADLINE:
            sys.exit(f"not within {DEADLINE:g} s")
        time.sleep(0.01)
    return time.monotonic() - began


main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
