"""The worked example: ``mcsm-daemon.service`` in both shapes that its installers have written."""

import shutil
from pathlib import Path

import pytest

from portreeve.definitions.model import Definitions
from portreeve.definitions.settings import Settings
from portreeve.definitions.supervised import Budget, Probe, Service, TcpConnects
from portreeve.errors import Failed
from portreeve.systemd.boot_order import verify_generated
from portreeve.systemd.generate import generate

UNIT = "mcsm-daemon.service"
DROP_IN = f"{UNIT}.d/50-portreeve.conf"
MINIMAL = """\
[Unit]
Description=MCSManager Daemon

[Service]
WorkingDirectory=/
ExecStart=/usr/bin/env node app.js
ExecReload=/bin/kill -s QUIT $MAINPID
ExecStop=/bin/kill -s QUIT $MAINPID
Environment="PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

[Install]
WantedBy=multi-user.target
"""
NEWER = """\
[Unit]
Description=MCSManager Daemon
After=network.target

[Service]
Type=simple
User=root
WorkingDirectory=/
ExecStart=/usr/bin/env node app.js
ExecReload=/bin/kill -s HUP $MAINPID
ExecStop=/bin/kill -s TERM $MAINPID
Restart=on-failure

[Install]
WantedBy=multi-user.target
"""
DEFINITION = Service(
    name="mcsm-daemon",
    description="the game panel's daemon",
    unit=UNIT,
    requires=("docker", "container:mcsm-db", "sync:cockpit"),
    origin=(Path("/etc/portreeve/services.d/mcsm-daemon.toml"),),
    restart=Budget(max=5, window=600.0),
    probe=Probe(TcpConnects("127.0.0.1:24444"), interval=10.0, failures=3),
    memory_max=2 << 30,
    oom_score_adjust=-500,
)
# Settings alone: the comments say why and may say it in other words.
EXPECTED = """\
[Unit]
Wants=docker.service
After=docker.service
Requires=portreeve-sync@cockpit.service
After=portreeve-sync@cockpit.service
Requires=portreeve-container@mcsm-db.service
After=portreeve-container@mcsm-db.service
StartLimitIntervalSec=600
StartLimitBurst=6
[Service]
Restart=on-failure
RestartSec=1
MemoryMax=2147483648
OOMScoreAdjust=-500
"""


def generated() -> dict[str, str]:
    definitions = Definitions(Settings(), {}, {DEFINITION.name: DEFINITION}, (), {}, (), ())
    return dict(generate(definitions, Path("/bin/true")))


def test_the_drop_in_adds_what_the_units_lack() -> None:
    lines = generated()[DROP_IN].splitlines(keepends=True)
    assert "".join(line for line in lines if line.strip() and not line.startswith("#")) == EXPECTED


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
@pytest.mark.parametrize("shape", [MINIMAL, NEWER], ids=["minimal", "newer"])
def test_systemd_accepts_it_with_either_unit_and_finds_no_cycle(shape: str) -> None:
    verify_generated({**generated(), UNIT: shape}, 60)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
@pytest.mark.parametrize("shape", [MINIMAL, NEWER], ids=["minimal", "newer"])
def test_a_cycle_through_its_drop_in_is_found_although_it_is_not_enabled(shape: str) -> None:
    files = {**generated(), UNIT: shape.replace("[Unit]", "[Unit]\nBefore=docker.service")}
    files["docker.service"] = "[Service]\nExecStart=/bin/true\n"
    with pytest.raises(Failed, match="ordering cycle"):
        verify_generated(files, 60)
