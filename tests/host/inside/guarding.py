"""Runs inside a host: guards mcsm-daemon.service as the agent would, until it is up again or given up."""

import json
import sys
import time
from pathlib import Path
from typing import Any

from portreeve.definitions.model import Definitions
from portreeve.definitions.settings import Settings
from portreeve.definitions.supervised import Budget, Probe, Service, TcpConnects
from portreeve.supervise.guard import Guard
from portreeve.supervise.service_record import ServiceRecord
from portreeve.supervise.status import ServiceState
from portreeve.systemd.bus import Systemd
from portreeve.systemd.generate import generate

DEADLINE = 40.0
UNIT = "mcsm-daemon.service"
SERVICE = Service(
    name="mcsm-daemon",
    description="the game panel's daemon",
    unit=UNIT,
    requires=("docker",),
    origin=(Path("/etc/portreeve/services.d/mcsm-daemon.toml"),),
    restart=Budget(max=3, window=600.0, backoff=(0.1, 1.0)),
    probe=Probe(TcpConnects("127.0.0.1:24444"), interval=0.2, timeout=0.5, failures=3),
    start_grace=5.0,
    memory_max=48 << 20,
    oom_score_adjust=-500,
)


def guard(wanted: str, before: str) -> None:
    """Look until it is ``active`` in another run than before, ``gave-up`` or ``stopped``."""
    systemd, record = Systemd(), ServiceRecord(SERVICE.name, state=ServiceState.ACTIVE)
    keeper = Guard(systemd)
    seen, began = set(), time.monotonic()
    while time.monotonic() - began < DEADLINE:
        record, status, again = keeper.look(SERVICE, record)
        life = systemd.life(UNIT)
        seen |= {status.trouble.reason.value if status.trouble else "", life.result}
        reached = {
            "active": status.state is ServiceState.ACTIVE and life.invocation != before,
            "gave-up": status.gave_up,
            "stopped": status.state is ServiceState.STOPPED,
        }
        if reached[wanted]:
            told: dict[str, Any] = {
                "state": status.state.value,
                "evidence": status.evidence,
                "restarts": status.restarts,
            }
            told |= {
                "seen": sorted(seen),
                "seconds": round(time.monotonic() - began, 2),
                "run": life.invocation,
            }
            told |= {
                "reason": status.trouble.reason.value if status.trouble else "",
                "nrestarts": life.auto_restarts,
            }
            print(json.dumps(told))
            return
        time.sleep(again or 1.0)
    sys.exit(f"not {wanted} within {DEADLINE:g} s: {status}")


if sys.argv[1] == "drop-in":
    definitions = Definitions(Settings(), {}, {SERVICE.name: SERVICE}, (), {}, (), ())
    print(generate(definitions, Path("/usr/bin/true"))[f"{UNIT}.d/50-portreeve.conf"])
else:
    guard(sys.argv[1], sys.argv[2])
