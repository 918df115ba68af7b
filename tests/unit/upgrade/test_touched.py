"""What a package touches."""

from pathlib import Path

import pytest

from portreeve.definitions.locations import HostFile
from portreeve.definitions.model import Definitions, Sync, Target, Template
from portreeve.definitions.settings import Settings
from portreeve.definitions.steps import ApplyStep, Command, Listening, Reload, Restart, UnitActive, VerifyStep
from portreeve.definitions.supervised import Service
from portreeve.upgrade.mark import Event, Mark
from portreeve.upgrade.touched import touched

COCKPIT = Mark(
    "cockpit-ws",
    Event.PRE_UPGRADE,
    units=("cockpit.socket", "cockpit.service", "cockpit-wsinstance-https@.service"),
    paths=("/etc/pam.d/cockpit",),
)


def declared(
    *, targets: tuple[str, ...] = (), apply: tuple[ApplyStep, ...] = (), verify: tuple[VerifyStep, ...] = ()
) -> Definitions:
    """One sync, ``app``, and the service ``app`` of ``mcsm.service``."""
    sync = Sync(
        name="app",
        description="",
        sources={},
        values={},
        targets=tuple(Target(HostFile(Path(path)), Template("t.j2")) for path in targets),
        check=(),
        apply=apply,
        verify=verify,
        deadline=60,
        origin=(),
    )
    service = Service("app", "", "mcsm.service", (), ())
    return Definitions(Settings(), {"app": sync}, {"app": service}, (), {}, (), ())


@pytest.mark.parametrize(
    "definitions",
    [
        declared(apply=(Restart("cockpit.socket"),)),
        declared(apply=(Command(("true",)), Reload("cockpit.service"))),
        declared(verify=(UnitActive("cockpit.socket"),)),
        declared(apply=(Restart("cockpit-wsinstance-https@abc.service"),)),
        declared(targets=("/etc/systemd/system/cockpit.socket.d/listen.conf",)),
        declared(targets=("/etc/other.conf", "/run/systemd/system/cockpit.socket.d/listen.conf")),
        declared(targets=("/etc/systemd/system/cockpit.socket",)),
        declared(targets=("/etc/pam.d/cockpit",)),
    ],
    ids=["acts", "reloads", "proved by", "instance", "drop-in", "second target", "whole unit", "file"],
)
def test_a_sync_is_touched_by_the_package_of_its_units_and_files(definitions: Definitions) -> None:
    assert touched(COCKPIT, definitions).syncs == ("app",)
    assert touched(COCKPIT, definitions).services == ()


@pytest.mark.parametrize(
    "definitions",
    [
        declared(apply=(Restart("nginx.service"),), verify=(Listening("9000"),)),
        declared(apply=(Restart("cockpit.path"),)),
        declared(apply=(Restart("cockpit@x.service"),)),
        declared(targets=("/etc/nginx/cockpit.socket.d/listen.conf",)),
        declared(targets=("/etc/pam.d/cockpit.d",)),
    ],
    ids=["another", "another kind", "another template", "no unit", "another file"],
)
def test_what_is_of_others_is_not_touched(definitions: Definitions) -> None:
    assert touched(COCKPIT, definitions).syncs == ()


def test_a_service_is_touched_by_the_package_of_its_unit() -> None:
    mark = Mark("mcsm", Event.PRE_UPGRADE, units=("mcsm.service",))
    assert touched(mark, declared()).services == ("app",)
    assert touched(mark, declared()).syncs == ()


def test_files_of_an_unknown_package_touch_everything() -> None:
    found = touched(Mark("", Event.TRIGGERED), declared())
    assert (found.syncs, found.services) == (("app",), ("app",))
