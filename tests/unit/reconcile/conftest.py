import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.systemd_manager import fake_systemd
from unit.reconcile.host import Host


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    if shutil.which("dbus-daemon") is None:
        pytest.skip("dbus-daemon is not installed")
    with fake_systemd(tmp_path) as manager:
        host = Host(tmp_path, manager)
        yield host
        host.stop()
