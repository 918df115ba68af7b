"""Keys are enqueued when their containers change, and all of them when Docker comes or goes."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from fakes.dockerd import FakeContainer, FakeDockerd, Mode
from portreeve.containers.connection import Docker
from portreeve.definitions.locations import ContainerRef
from portreeve.definitions.settings import DockerSettings
from portreeve.errors import DockerUnavailable, Reason
from portreeve.triggers.docker_events import DockerWatcher
from portreeve.triggers.interest import Interest

APP = FakeContainer("app", labels={"role": "front"})
WEB = FakeContainer(
    "shop-web-1", labels={"com.docker.compose.project": "shop", "com.docker.compose.service": "web"}
)
INTERESTS = {
    "by-name": (Interest(ContainerRef(name="app")),),
    "by-label": (Interest(ContainerRef(label="role=front")), Interest(ContainerRef(name="nobody"))),
    "by-compose": (Interest(ContainerRef(project="shop", service="web")),),
    "list": (Interest(labels=("proxy", "stage=live"), details=True),),
}
PROXIED = FakeContainer("shop", labels={"proxy": "shop.example", "stage": "live"})


HEARTBEAT = 0.3


class Woken(Protocol):
    def __call__(self, key: str, delay: float) -> None: ...
    def take(self) -> list[tuple[str, float]]: ...
    def stays_quiet(self, seconds: float = 0.3) -> None: ...


Eventually = Callable[[Callable[[], object], str], None]


@pytest.fixture
def dockerd(tmp_path: Path) -> Iterator[FakeDockerd]:
    with FakeDockerd(tmp_path / "docker.sock") as fake:
        yield fake


@pytest.fixture
def watcher(tmp_path: Path, woken: Woken) -> Iterator[DockerWatcher]:
    docker = Docker(DockerSettings(tmp_path / "docker.sock", timeout=0.5))
    watcher = DockerWatcher(docker, woken, heartbeat=HEARTBEAT)
    watcher.set_interests(INTERESTS)
    watcher.start()
    yield watcher
    watcher.stop()


@pytest.fixture
def all_wake(woken: Woken, eventually: Eventually) -> Callable[[], None]:
    """Wait until every key was enqueued; forget that."""

    def wait() -> None:
        seen: set[str] = set()

        def all_came() -> bool:
            seen.update(key for key, _ in woken.take())
            return seen == set(INTERESTS)

        eventually(all_came, "every key is enqueued")

    return wait


def hears(dockerd: FakeDockerd, watcher: DockerWatcher, eventually: Eventually) -> None:
    assert dockerd.subscribed.acquire(timeout=10)
    eventually(lambda: watcher.state().connected, "events are heard")


def wakes(
    dockerd: FakeDockerd, woken: Woken, eventually: Eventually, happen: Callable[[], object]
) -> set[str]:
    """The keys that something wakes."""
    happen()
    # Events come in order: when this one is here, the first was handled; nothing else wakes this key last.
    dockerd.emit("start", FakeContainer("nobody"))
    came: list[str] = []

    def handled() -> bool:
        came.extend(key for key, _ in woken.take())
        return came[-1:] == ["by-label"]

    eventually(handled, "the events are handled")
    return set(came[:-1])


def test_everything_is_looked_at_once_events_are_heard(
    dockerd: FakeDockerd, watcher: DockerWatcher, all_wake: Callable[[], None], eventually: Eventually
) -> None:
    hears(dockerd, watcher, eventually)
    all_wake()
    assert watcher.state().reason is None


@pytest.mark.parametrize(
    ("action", "container", "expected"),
    [
        ("start", APP, {"by-name", "by-label"}),
        ("die", WEB, {"by-compose"}),
        ("destroy", FakeContainer("other"), set()),
        ("rename", FakeContainer("other"), set(INTERESTS)),
        ("start", PROXIED, {"list"}),
        ("start", FakeContainer("test", labels={"proxy": "", "stage": "test"}), set()),
        ("health_status: healthy", PROXIED, {"list"}),
        ("health_status: healthy", APP, set()),
        ("update", PROXIED, {"list"}),
    ],
    ids=["start", "die", "destroy", "rename", "listed", "not-listed", "health", "health-of-files", "update"],
)
def test_an_event_wakes_whom_it_concerns(
    dockerd: FakeDockerd, watcher: DockerWatcher, woken: Woken, all_wake: Callable[[], None],
    eventually: Eventually, action: str, container: FakeContainer, expected: set[str],
) -> None:  # fmt: skip
    hears(dockerd, watcher, eventually)
    all_wake()
    assert wakes(dockerd, woken, eventually, lambda: dockerd.emit(action, container)) == expected


@pytest.mark.parametrize("action", ["connect", "disconnect"])
def test_a_network_wakes_whom_its_container_concerns_once_that_was_heard_of(
    dockerd: FakeDockerd,
    watcher: DockerWatcher,
    woken: Woken,
    all_wake: Callable[[], None],
    eventually: Eventually,
    action: str,
) -> None:
    hears(dockerd, watcher, eventually)
    all_wake()
    assert wakes(dockerd, woken, eventually, lambda: dockerd.emit_network(action, APP)) == {"list"}
    dockerd.emit("create", APP)
    dockerd.emit("create", PROXIED)
    wakes(dockerd, woken, eventually, lambda: None)
    assert wakes(dockerd, woken, eventually, lambda: dockerd.emit_network(action, APP)) == set()
    assert wakes(dockerd, woken, eventually, lambda: dockerd.emit_network(action, PROXIED)) == {"list"}


def test_docker_that_is_not_there_yet_is_waited_for(
    tmp_path: Path, watcher: DockerWatcher, all_wake: Callable[[], None], eventually: Eventually
) -> None:
    all_wake()
    eventually(lambda: watcher.state().reason is Reason.DOCKER_DOWN, "Docker is known to be down")
    assert "does not exist" in watcher.state().evidence
    with FakeDockerd(tmp_path / "docker.sock") as dockerd:
        hears(dockerd, watcher, eventually)
        all_wake()
        watcher.stop()


def test_docker_that_goes_and_comes_back_wakes_everyone_twice(
    dockerd: FakeDockerd, watcher: DockerWatcher, all_wake: Callable[[], None], eventually: Eventually
) -> None:
    hears(dockerd, watcher, eventually)
    all_wake()
    since = watcher.same_docker_since()
    assert watcher.same_docker_since() == since
    dockerd.stop()
    assert watcher.same_docker_since() != since
    all_wake()
    eventually(lambda: "does not exist" in watcher.state().evidence, "the reason is known")
    dockerd.start()
    hears(dockerd, watcher, eventually)
    all_wake()


@pytest.mark.parametrize("mode", [Mode.HALF_EVENT, Mode.GARBAGE_EVENT])
def test_a_stream_that_breaks_is_opened_again(
    dockerd: FakeDockerd,
    watcher: DockerWatcher,
    all_wake: Callable[[], None],
    eventually: Eventually,
    mode: Mode,
) -> None:
    hears(dockerd, watcher, eventually)
    all_wake()
    dockerd.mode = mode
    dockerd.emit("start", APP)
    assert dockerd.subscribed.acquire(timeout=10)
    all_wake()


def test_a_daemon_that_hangs_with_the_stream_open_is_found_out_by_the_heartbeat(
    dockerd: FakeDockerd,
    watcher: DockerWatcher,
    all_wake: Callable[[], None],
    eventually: Eventually,
) -> None:
    hears(dockerd, watcher, eventually)
    all_wake()
    dockerd.mode = Mode.HANG
    eventually(lambda: watcher.state().reason is Reason.DOCKER_HUNG, "Docker is known to hang")
    all_wake()
    dockerd.mode = Mode.OK
    dockerd.break_off()
    hears(dockerd, watcher, eventually)
    all_wake()


def test_a_heartbeat_that_is_answered_leaves_the_stream_open(
    dockerd: FakeDockerd,
    watcher: DockerWatcher,
    woken: Woken,
    all_wake: Callable[[], None],
    eventually: Eventually,
) -> None:
    hears(dockerd, watcher, eventually)
    all_wake()
    woken.stays_quiet(2.5 * HEARTBEAT)
    assert watcher.state().connected


def test_what_somebody_else_finds_out_ends_the_stream_until_docker_answers(
    dockerd: FakeDockerd,
    watcher: DockerWatcher,
    all_wake: Callable[[], None],
    eventually: Eventually,
) -> None:
    hears(dockerd, watcher, eventually)
    all_wake()
    watcher.suspect(DockerUnavailable(Reason.DOCKER_HUNG, "Docker does not answer", evidence="in 5 s"))
    hears(dockerd, watcher, eventually)
    all_wake()


def test_it_stops_at_once_while_it_listens(
    dockerd: FakeDockerd, watcher: DockerWatcher, eventually: Eventually
) -> None:
    hears(dockerd, watcher, eventually)
    watcher.stop()
    assert not watcher.state().reason


def test_a_docker_that_stays_down_wakes_nobody_again(
    watcher: DockerWatcher, woken: Woken, all_wake: Callable[[], None]
) -> None:
    all_wake()
    woken.stays_quiet(0.6)
