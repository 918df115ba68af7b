"""Loading again: what changed is named, and what broke keeps its last good form."""

from pathlib import Path

import pytest

from portreeve.daemon.declared import load_again
from unit.definitions.folders import Host

SERVICE = 'unit = "app.service"\nrequires = ["docker"]\n'


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_at_the_start_everything_is_new(host: Host) -> None:
    host.container('container = "db"', name="db")
    host.service(SERVICE)
    change = load_again(host.paths, None)
    assert (change.containers_changed, change.services_changed) == (("db",), ("app",))


def test_what_is_new_gone_or_different_is_named_and_what_stays_is_not(host: Host) -> None:
    gone = host.container('container = "gone"', name="gone")
    for name in ("changed", "same"):
        host.container(f'container = "{name}"', name=name)
    service = host.service(SERVICE)
    before = load_again(host.paths, None).definitions
    gone.unlink()
    service.unlink()
    host.container('container = "changed"\nautostart = true\n', name="changed")
    host.container('container = "new"', name="new")
    change = load_again(host.paths, before)
    assert change.containers_changed == ("changed", "gone", "new")
    assert change.services_changed == ("app",)
    assert set(change.definitions.containers) == {"changed", "new", "same"}
    again = load_again(host.paths, change.definitions)
    assert (again.containers_changed, again.services_changed) == ((), ())


def test_a_container_that_is_broken_by_an_edit_keeps_its_last_good_form(host: Host) -> None:
    host.container('container = "db"\nautostart = true\n', name="db")
    first = load_again(host.paths, None)
    host.container('container = "db"\nautostart = maybe\n', name="db")
    second = load_again(host.paths, first.definitions)
    assert second.definitions.containers == first.definitions.containers
    assert second.containers_changed == ()
    assert "containers.d/db" in second.definitions.broken
