"""Images that have portreeve in them: what docs/installing.md tells to do is done here as it stands there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from host.lab.bare import BareRoot
from host.lab.containers import Containers, run_apphub
from host.lab.guest import Guest
from host.lab.machine import Host
from host.lab.nspawn import Snapshot
from host.lab.places import CHECKOUT
from host.lab.run import Run
from host.main_job import DROP_IN, MainJob

GUIDE = (CHECKOUT / "docs/installing.md").read_text()
PORT, VENDORS = 9000, 9090
UNITS_ALONE = ["units.json"]

pytestmark = pytest.mark.timeout(240)


def recipe(language: str, heading: str) -> list[str]:
    """The commands or files that are shown below a heading, up to the next one."""
    section = re.split(r"(?m)^#+ ", GUIDE.partition(f"# {heading}\n")[2])[0]
    return re.findall(rf"```{language}\n(.+?)```", section, re.DOTALL)


def state(guest: Guest) -> list[str]:
    return guest.shell("ls -A /var/lib/portreeve").stdout.split()


@pytest.fixture(scope="module")
def image(lab_run: Run, plain_snapshot: Snapshot, bookworm_package: Path) -> Snapshot:
    """A server's root file system, in which only the recipe was run, and no systemd."""
    with BareRoot(lab_run, plain_snapshot, "image") as root:
        root.shell("mkdir -p /srv/image/root && mount --rbind / /srv/image/root")
        root.copy_in(bookworm_package, f"/srv/image/{bookworm_package.name}")
        root.copy_in(CHECKOUT / "examples/syncs.d/cockpit.toml", "/srv/image/cockpit.toml")
        (commands,) = recipe("sh", "A chroot")
        processes = root.run("ps", "-e", "-o", "args=").stdout
        root.shell(f"cd /srv/image\n{commands}", timeout=200)
        assert root.run("ps", "-e", "-o", "args=").stdout == processes, "something was started"
        assert root.run("systemctl", "is-enabled", "portreeve.service").stdout.strip() == "enabled"
        assert state(root) == UNITS_ALONE
        return root.freeze()


@pytest.fixture(scope="module")
def job(lab_run: Run, image: Snapshot) -> Iterator[MainJob]:
    """The first boot of the image, on which a container with a port is then made."""
    with Host(lab_run, image, "first-boot") as host:
        assert host.run("systemctl", "is-active", "portreeve.service").stdout.strip() == "active"
        yield MainJob(host, run_apphub(Containers(host), PORT))


def test_the_first_boot_of_an_image_brings_up_the_agent(job: MainJob) -> None:
    job.in_step()
    job.listens(PORT)


def test_a_disk_is_sealed_as_it_was_before_the_agent_ran(job: MainJob) -> None:
    job.in_step()
    (commands,) = recipe("sh", "In images")
    job.host.shell(commands, timeout=120)
    assert not job.host.exists(DROP_IN)
    assert job.host.http_status(VENDORS) == 200
    assert state(job.host) == UNITS_ALONE
    job.host.run("systemctl", "start", "portreeve.service", timeout=60)
    job.in_step()
    job.listens(PORT)


@pytest.mark.long
def test_cloud_init_takes_the_user_data(bare_root: BareRoot) -> None:
    bare_root.shell(
        "apt-get -q update && apt-get -q -y install --no-install-recommends cloud-init", timeout=200
    )
    for number, data in enumerate(recipe("yaml", "cloud-init")):
        bare_root.write(f"/srv/user-data-{number}", data)
        judged = bare_root.run("cloud-init", "schema", "--config-file", f"/srv/user-data-{number}")
        assert "Valid" in judged.stdout, judged
