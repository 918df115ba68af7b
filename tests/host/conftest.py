"""Fixtures of the host tests: machines that boot in a second, and a check that none is left behind."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, nullcontext
from pathlib import Path

import pytest

from host.lab import base, package, snapshots, wheel
from host.lab.bare import BareRoot
from host.lab.machine import Host
from host.lab.nspawn import Snapshot
from host.lab.run import Run
from host.lab.snapshots import Boot

RUN = pytest.StashKey[Run]()
NO_ROOT = "host tests boot machines with systemd-nspawn, which needs root"


Show = Callable[[Callable[[], object]], None]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests of this folder; without root they are skipped, in CI they fail."""
    here = Path(__file__).parent
    skipped = os.geteuid() != 0 and os.environ.get("CI") != "true"
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker("host")
            if config.pluginmanager.hasplugin("timeout") and not item.get_closest_marker("timeout"):
                # building a root file system in a fixture is not the test's time
                item.add_marker(pytest.mark.timeout(float(config.getini("timeout") or 120), func_only=True))
            if skipped:
                item.add_marker(pytest.mark.skip(reason=NO_ROOT))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to a failed test's report what its machines say."""
    report = yield
    run = item.config.stash.get(RUN, None)
    if report.failed and run:
        for name, machine in list(run.machines.items()):
            report.sections.append((f"machine {name}", machine.report()))
    return report


@pytest.fixture(scope="session")
def lab_run(pytestconfig: pytest.Config) -> Iterator[Run]:
    """This run of the tests, to which every machine belongs."""
    if os.geteuid() != 0:
        pytest.fail(NO_ROOT)
    run = Run()
    pytestconfig.stash[RUN] = run
    try:
        yield run
    finally:
        run.close()


@pytest.fixture(autouse=True)
def nothing_left_behind(lab_run: Run) -> Iterator[None]:
    """Fail a test that leaves a machine running or a mount behind."""
    before = lab_run.leftovers()
    yield
    left = lab_run.leftovers() - before
    assert not left, f"the test left behind: {', '.join(sorted(left))}"


@pytest.fixture(scope="session")
def show(pytestconfig: pytest.Config) -> Show:
    """Runs a slow step with its progress on the terminal."""
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")

    def run(step: Callable[[], object]) -> None:
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            step()

    return run


@pytest.fixture(scope="session")
def wheelhouse(tmp_path_factory: pytest.TempPathFactory, show: Show) -> Path:
    """A folder with the project's wheel, built now, and its locked dependencies."""
    show(wheel.dependencies)
    return wheel.wheelhouse(tmp_path_factory.mktemp("wheelhouse"))


@pytest.fixture(scope="session")
def minbase_snapshot(lab_run: Run, show: Show) -> Snapshot:
    """Debian 12's smallest system."""
    show(lambda: base.minbase("bookworm"))
    return Snapshot((base.minbase("bookworm"),))


@pytest.fixture(scope="session")
def plain_snapshot(lab_run: Run, show: Show) -> Snapshot:
    """A Debian 12 server with Docker, the busybox image and Cockpit."""
    show(lambda: base.host("bookworm"))
    return snapshots.plain(lab_run, "bookworm")


@pytest.fixture(scope="session")
def trixie_plain_snapshot(lab_run: Run, show: Show) -> Snapshot:
    """The same on Debian 13."""
    show(lambda: base.host("trixie"))
    return snapshots.plain(lab_run, "trixie")


@pytest.fixture(scope="session")
def equipped_snapshot(lab_run: Run, plain_snapshot: Snapshot, wheelhouse: Path) -> Snapshot:
    """The Debian 12 server with all that install.sh needs, not yet installed."""
    return snapshots.equipped(lab_run, plain_snapshot, wheelhouse)


@pytest.fixture(scope="session")
def installed_snapshot(lab_run: Run, equipped_snapshot: Snapshot) -> Snapshot:
    """The Debian 12 server with portreeve installed."""
    return snapshots.installed(lab_run, equipped_snapshot)


@pytest.fixture(scope="session")
def trixie_installed_snapshot(lab_run: Run, trixie_plain_snapshot: Snapshot, wheelhouse: Path) -> Snapshot:
    """The Debian 13 server with portreeve installed."""
    return snapshots.installed(lab_run, snapshots.equipped(lab_run, trixie_plain_snapshot, wheelhouse))


@pytest.fixture(scope="session")
def bookworm_package(lab_run: Run, show: Show) -> Path:
    """The Debian package of the checkout for Debian 12."""
    show(lambda: package.build(lab_run, "bookworm"))
    return package.build(lab_run, "bookworm")


@pytest.fixture(scope="session")
def trixie_package(lab_run: Run, show: Show) -> Path:
    """The same for Debian 13."""
    show(lambda: package.build(lab_run, "trixie"))
    return package.build(lab_run, "trixie")


@pytest.fixture(scope="session")
def packaged_snapshot(lab_run: Run, plain_snapshot: Snapshot, bookworm_package: Path) -> Snapshot:
    """The Debian 12 server with portreeve installed by its package, the agent running."""
    return snapshots.packaged(lab_run, plain_snapshot, bookworm_package)


@pytest.fixture(scope="session")
def trixie_packaged_snapshot(lab_run: Run, trixie_plain_snapshot: Snapshot, trixie_package: Path) -> Snapshot:
    """The same on Debian 13."""
    return snapshots.packaged(lab_run, trixie_plain_snapshot, trixie_package)


@pytest.fixture
def boot(lab_run: Run) -> Iterator[Boot]:
    """Boots hosts from snapshots; they end with the test."""
    with ExitStack() as stack:
        yield lambda snapshot, kind="host": stack.enter_context(Host(lab_run, snapshot, kind))


@pytest.fixture
def host(boot: Boot, plain_snapshot: Snapshot) -> Host:
    """A booted Debian 12 server without portreeve."""
    return boot(plain_snapshot)


@pytest.fixture
def equipped_host(boot: Boot, equipped_snapshot: Snapshot) -> Host:
    """A booted Debian 12 server with /srv/portreeve and /srv/wheelhouse, for tests of install.sh."""
    return boot(equipped_snapshot, "equipped")


@pytest.fixture
def installed_host(boot: Boot, installed_snapshot: Snapshot) -> Host:
    """A booted Debian 12 server with portreeve running."""
    return boot(installed_snapshot, "installed")


@pytest.fixture
def trixie_host(boot: Boot, trixie_plain_snapshot: Snapshot) -> Host:
    """A booted Debian 13 server without portreeve."""
    return boot(trixie_plain_snapshot, "trixie")


@pytest.fixture
def trixie_installed_host(boot: Boot, trixie_installed_snapshot: Snapshot) -> Host:
    """A booted Debian 13 server with portreeve running."""
    return boot(trixie_installed_snapshot, "trixie")


@pytest.fixture
def packaged_host(boot: Boot, packaged_snapshot: Snapshot) -> Host:
    """A booted Debian 12 server with the package, its agent running."""
    return boot(packaged_snapshot, "packaged")


@pytest.fixture
def trixie_packaged_host(boot: Boot, trixie_packaged_snapshot: Snapshot) -> Host:
    """A booted Debian 13 server with the package, its agent running."""
    return boot(trixie_packaged_snapshot, "trixie")


@pytest.fixture
def bare_root(lab_run: Run, minbase_snapshot: Snapshot) -> Iterator[BareRoot]:
    """A newcomer's Debian 12: the smallest system, this machine's network."""
    with BareRoot(lab_run, minbase_snapshot) as root:
        yield root
