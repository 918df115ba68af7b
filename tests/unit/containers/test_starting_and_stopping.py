"""Docker's answers to a start or a stop are not believed: inspect tells what came of it."""

from collections.abc import Callable

import pytest

from fakes.dockerd import FakeContainer, FakeDockerd, Mode
from fakes.dockerd_act import says
from portreeve.containers.acting import restart, start, stop, unpause
from portreeve.containers.connection import Docker
from portreeve.containers.observe import observe
from portreeve.containers.observed import Observed
from portreeve.containers.start_failure import StartFailed, StartFailure
from portreeve.definitions.locations import ContainerRef
from portreeve.errors import DockerUnavailable, Failed, PortreeveError, Reason, Waiting

BUSY_PORT = "driver failed programming external connectivity: Bind for 0.0.0.0:80: port is already allocated"


@pytest.fixture
def app(dockerd: FakeDockerd) -> FakeContainer:
    container = FakeContainer("app", status="exited")
    dockerd.containers = [container]
    return container


def seen(docker: Docker) -> Observed:
    return observe(docker, ContainerRef(name="app"))


def begin(docker: Docker) -> Observed:
    return start(docker, seen(docker), timeout=1)


def refusal(act: Callable[[], object]) -> PortreeveError:
    with pytest.raises(PortreeveError) as caught:
        act()
    return caught.value


@pytest.mark.parametrize("status", ["created", "exited"])
def test_one_that_does_not_run_is_started(docker: Docker, app: FakeContainer, status: str) -> None:
    app.status = status
    assert begin(docker).runs
    assert app.starts == 2


def test_one_that_runs_is_left_alone(docker: Docker, dockerd: FakeDockerd, app: FakeContainer) -> None:
    app.status = "running"
    assert begin(docker).runs
    assert dockerd.acts == []


def test_what_was_seen_before_is_not_believed(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer
) -> None:
    before = seen(docker)
    app.status = "running"
    assert start(docker, before, timeout=1).runs
    assert dockerd.acts == []


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        ("paused", Waiting, Reason.CONTAINER_PAUSED),
        ("restarting", Waiting, Reason.CONTAINER_RESTARTING),
        ("removing", Waiting, Reason.CONTAINER_BUSY),
        ("dead", Failed, Reason.CONTAINER_DEAD),
    ],
)
def test_one_that_cannot_be_started_is_named_and_docker_is_not_asked(
    docker: Docker,
    dockerd: FakeDockerd,
    app: FakeContainer,
    status: str,
    kind: type[PortreeveError],
    reason: Reason,
) -> None:
    app.status = status
    error = refusal(lambda: begin(docker))
    assert (type(error), error.reason) == (kind, reason)
    assert error.hint
    assert dockerd.acts == []


def test_a_restart_loop_tells_how_it_ends_and_how_often(docker: Docker, app: FakeContainer) -> None:
    app.status, app.exit_code, app.restart_count = "restarting", 3, 17
    evidence = refusal(lambda: begin(docker)).evidence
    assert evidence == "it ended with exit status 3, and Docker has restarted it 17 times"


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_that_says_it_runs_when_it_does_not_is_a_lie(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer, status: int
) -> None:
    dockerd.scripts["start"] = [says(status)]
    error = refusal(lambda: begin(docker))
    assert isinstance(error, StartFailed)
    assert (error.reason, error.failure) == (Reason.CONTAINER_START_FAILED, StartFailure.OTHER)
    assert "inspect shows that it is exited" in error.evidence
    assert error.seen.name == app.name


@pytest.mark.parametrize("status", [204, 304])
def test_one_that_loops_at_once_is_not_started(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer, status: int
) -> None:
    app.status = "created"
    dockerd.scripts["start"] = [says(status, status="restarting", starts=2, exit_code=1)]
    assert refusal(lambda: begin(docker)).reason is Reason.CONTAINER_RESTARTING


def test_one_that_has_ended_already_was_started(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer
) -> None:
    dockerd.scripts["start"] = [says(204, starts=2, exit_code=0)]
    assert begin(docker).status == "exited"


@pytest.mark.parametrize(
    ("status", "words", "failure"),
    [
        (400, "invalid mount config: bind source path does not exist: /srv/x", StartFailure.MOUNT),
        (404, "network 5b0f not found", StartFailure.NETWORK),
        (404, "No such container: 5b0f", StartFailure.NAMESPACE),
        (409, "cannot join network of a non running container: 5b0f", StartFailure.NAMESPACE),
        (500, BUSY_PORT, StartFailure.PORT),
        (500, "something else", StartFailure.OTHER),
    ],
)
def test_a_refused_start_is_told_in_dockers_words(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer, status: int, words: str, failure: StartFailure
) -> None:
    app.status = "created"
    dockerd.scripts["start"] = [says(status, words)]
    error = refusal(lambda: begin(docker))
    assert isinstance(error, StartFailed)
    assert (error.failure, error.evidence) == (failure, words)


def test_the_state_tells_the_cause_where_the_answer_does_not(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer
) -> None:
    dockerd.scripts["start"] = [says(500, "failed", error=BUSY_PORT)]
    error = refusal(lambda: begin(docker))
    assert isinstance(error, StartFailed)
    assert error.failure is StartFailure.PORT


def test_a_refusal_that_comes_too_late_does_not_count(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer
) -> None:
    dockerd.scripts["start"] = [says(500, "id already in use", status="running", starts=2)]
    assert begin(docker).runs


@pytest.mark.parametrize(
    ("words", "changes", "reason"),
    [
        ("cannot start a paused container, try unpause instead", "paused", Reason.CONTAINER_PAUSED),
        (
            "container is marked for removal and cannot be started",
            "exited",
            Reason.CONTAINER_BUSY,
        ),
        ("a text of tomorrow", "removing", Reason.CONTAINER_BUSY),
        ("a text of tomorrow", "restarting", Reason.CONTAINER_RESTARTING),
    ],
)
def test_each_conflict_is_told_apart_by_state_and_text(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer, words: str, changes: str, reason: Reason
) -> None:
    dockerd.scripts["start"] = [says(409, words, status=changes)]
    assert refusal(lambda: begin(docker)).reason is reason


def test_one_that_is_removed_meanwhile_is_absent(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer
) -> None:
    def vanish(_: FakeContainer) -> tuple[int, str]:
        dockerd.containers.clear()
        return 404, "No such container: app"

    dockerd.scripts["start"] = [vanish]
    assert refusal(lambda: begin(docker)).reason is Reason.CONTAINER_ABSENT


def test_a_start_that_takes_too_long_is_busy_and_docker_is_not_taken_for_hung(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer
) -> None:
    dockerd.before_answer = lambda path: path.endswith("/start") and dockerd.released.wait(20)
    assert refusal(lambda: begin(docker)).reason is Reason.CONTAINER_BUSY
    docker.require_up()


def test_a_start_may_take_longer_than_the_timeout_of_a_look(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer
) -> None:
    dockerd.before_answer = lambda path: path.endswith("/start") and dockerd.released.wait(1.2)
    assert start(docker, seen(docker), timeout=10).runs


def test_a_docker_that_dies_meanwhile_is_down(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer
) -> None:
    def die(path: str) -> None:
        if path.endswith("/start"):
            dockerd.mode = Mode.CLOSE

    dockerd.before_answer = die
    error = refusal(lambda: begin(docker))
    assert isinstance(error, DockerUnavailable)
    assert error.reason is Reason.DOCKER_DOWN


@pytest.mark.parametrize("status", ["running", "paused", "restarting"])
def test_one_that_runs_in_any_way_is_stopped(docker: Docker, app: FakeContainer, status: str) -> None:
    app.status = status
    assert stop(docker, seen(docker), timeout=1).status == "exited"


@pytest.mark.parametrize("status", ["created", "exited", "dead"])
def test_one_that_does_not_run_needs_no_stop(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer, status: str
) -> None:
    app.status = status
    assert stop(docker, seen(docker), timeout=1).status == status
    assert dockerd.acts == []


@pytest.mark.parametrize("answer", [204, 304, 500])
def test_one_that_still_runs_after_a_stop_did_not_stop(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer, answer: int
) -> None:
    app.status = "running"
    dockerd.scripts["stop"] = [says(answer, "tried to kill container, but did not receive an exit event")]
    error = refusal(lambda: stop(docker, seen(docker), timeout=1))
    assert isinstance(error, Failed)
    assert error.reason is Reason.CONTAINER_STOP_FAILED


@pytest.mark.parametrize(
    ("own", "wanted", "sent"),
    [(None, None, 10), (60, None, 60), (-1, None, 600), (60, 2.5, 3), (None, 0.0, 0)],
)
def test_the_time_that_it_gets_to_end(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer, own: int | None, wanted: float | None, sent: int
) -> None:
    app.status, app.inspect = "running", {"Config": {"StopTimeout": own}}
    stop(docker, seen(docker), timeout=wanted)
    assert dockerd.requests[-2].endswith(f"/stop?t={sent}")


@pytest.mark.parametrize("status", ["running", "paused", "restarting", "exited", "created"])
def test_one_in_any_state_is_restarted(docker: Docker, app: FakeContainer, status: str) -> None:
    app.status = status
    after = restart(docker, seen(docker), stop_timeout=1, timeout=1)
    assert (after.runs, app.starts) == (True, 2)


def test_one_that_still_runs_since_before_was_not_restarted(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer
) -> None:
    app.status = "running"
    dockerd.scripts["restart"] = [says(204)]
    error = refusal(lambda: restart(docker, seen(docker), stop_timeout=1, timeout=1))
    assert error.reason is Reason.CONTAINER_START_FAILED
    assert "unchanged" in error.evidence


def test_a_paused_one_is_resumed(docker: Docker, app: FakeContainer) -> None:
    app.status = "paused"
    assert unpause(docker, seen(docker)).runs


def test_one_that_is_not_paused_need_not_be(docker: Docker, dockerd: FakeDockerd, app: FakeContainer) -> None:
    assert unpause(docker, seen(docker)).status == "exited"
    assert dockerd.acts == []


def test_one_that_stays_paused_was_not_resumed(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer
) -> None:
    app.status = "paused"
    dockerd.scripts["unpause"] = [says(204)]
    error = refusal(lambda: unpause(docker, seen(docker)))
    assert isinstance(error, Failed)
    assert error.reason is Reason.CONTAINER_PAUSED
