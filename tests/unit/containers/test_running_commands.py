"""A command in a container: how it ends is known, it is bounded, and it never waits for ever."""

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.dockerd import FakeContainer, FakeDockerd, FakeExec, Mode, frame
from portreeve.containers import host_process
from portreeve.containers.connection import Docker
from portreeve.containers.exec import ExecResult, run_in_container
from portreeve.containers.frames import Demultiplexer, Output
from portreeve.containers.model import Container
from portreeve.definitions.locations import ContainerRef
from portreeve.errors import DockerUnavailable, Reason, Waiting

Eventually = Callable[[Callable[[], object], str], None]


@pytest.fixture
def app(dockerd: FakeDockerd) -> FakeContainer:
    made = FakeContainer("app")
    dockerd.containers = [made]
    return made


def run(
    docker: Docker, app: FakeContainer, *command: str, timeout: float = 5, limit: int | None = 1000
) -> ExecResult:
    seen = Container(app.id, "app", "running", 0, {}, (), "")
    return run_in_container(docker, seen, command or ("true",), timeout=timeout, stdout_limit=limit)


def waits(docker: Docker, app: FakeContainer) -> Waiting:
    with pytest.raises(Waiting) as caught:
        run(docker, app, "nginx", "-s", "reload", "--password=hunter2")
    assert "hunter2" not in str(caught.value)
    return caught.value


def test_both_outputs_and_the_exit_status_are_told_apart(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer
) -> None:
    dockerd.exec = FakeExec(frame(1, b"on") + frame(2, b"oh\n") + frame(1, b"e"), exit_code=3)
    assert run(docker, app, "a", "b c") == ExecResult(3, b"one", b"oh\n")
    assert dockerd.commands == [["a", "b c"]]


@given(
    st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=40))),
    st.integers(min_value=1, max_value=50),
)
def test_frames_are_the_same_in_pieces_of_any_size(frames: list[tuple[int, bytes]], size: int) -> None:
    stream = b"".join(frame(output, data) for output, data in frames)
    demultiplexer = Demultiplexer()
    got: dict[int, bytes] = {1: b"", 2: b""}
    for at in range(0, len(stream), size):
        for output, piece in demultiplexer.feed(stream[at : at + size]):
            got[output] += piece
    assert got == {each: b"".join(data for output, data in frames if output == each) for each in (1, 2)}
    assert demultiplexer.complete


def test_a_begun_frame_is_not_complete() -> None:
    demultiplexer = Demultiplexer()
    assert list(demultiplexer.feed(frame(1, b"abc")[:9])) == [(Output.STDOUT, b"a")]
    assert not demultiplexer.complete


def test_output_that_nobody_wants_is_thrown_away(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer
) -> None:
    dockerd.exec = FakeExec(frame(1, b"x" * 2_000_000))
    assert run(docker, app, limit=None) == ExecResult(0, b"", b"")


def test_output_over_the_limit_ends_the_command(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer
) -> None:
    dockerd.exec = FakeExec(frame(1, b"x" * 1001), hang=True, exit_code=None)
    result = run(docker, app, limit=1000)
    assert (result.exit_code, result.overrun, len(result.stdout)) == (None, True, 1001)
    assert result.describe() == "its output is too long, and Docker knows no process of it"


def test_the_end_of_standard_error_is_kept(docker: Docker, dockerd: FakeDockerd, app: FakeContainer) -> None:
    dockerd.exec = FakeExec(
        frame(2, b"first\n") + frame(2, b"y" * 5000 + b"\nlast words\x1b[0m\n\n"), exit_code=1
    )
    result = run(docker, app)
    assert len(result.stderr) == 4096
    assert result.describe() == "it ended with exit status 1: last words [0m"


def test_a_program_that_is_not_there_is_named_as_such(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer
) -> None:
    dockerd.exec = FakeExec(frame(1, b"OCI runtime exec failed"), exit_code=127)
    assert "no such program" in run(docker, app).describe()


def test_a_program_may_close_its_outputs_before_it_ends(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer
) -> None:
    dockerd.exec = FakeExec(exit_code=4, running=3)
    assert run(docker, app).exit_code == 4


def test_a_program_may_leave_something_behind_that_holds_its_outputs(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer
) -> None:
    dockerd.exec = FakeExec(frame(1, b"started"), hang=True, exit_code=0)
    assert run(docker, app, timeout=0.3) == ExecResult(0, b"started", b"")


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("paused", Reason.CONTAINER_PAUSED),
        ("restarting", Reason.CONTAINER_RESTARTING),
        ("exited", Reason.CONTAINER_NOT_RUNNING),
        ("created", Reason.CONTAINER_NOT_RUNNING),
    ],
)
def test_a_refusal_is_named_by_the_state_that_inspect_shows(
    docker: Docker, app: FakeContainer, status: str, reason: Reason
) -> None:
    app.status = status
    error = waits(docker, app)
    assert error.reason is reason
    assert f"its state is {status}; Container {app.id} is" in error.evidence


def test_a_refusal_by_a_container_that_runs_again_is_told_with_dockers_words(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer
) -> None:
    dockerd.refuse_next = (409, "Container abc is restarting, wait until the container is running")
    error = waits(docker, app)
    assert error.reason is Reason.CONTAINER_NOT_RUNNING
    assert "wait until the container is running" in error.evidence


def test_a_container_that_is_gone(docker: Docker, dockerd: FakeDockerd, app: FakeContainer) -> None:
    dockerd.containers.clear()
    assert waits(docker, app).reason is Reason.CONTAINER_ABSENT


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        ((404, "No such exec instance: eee"), Reason.CONTAINER_ABSENT),
        ((409, "Container abc is paused, unpause the container before exec"), Reason.CONTAINER_NOT_RUNNING),
        ((500, "oci runtime error"), Reason.DOCKER_ERROR),
    ],
)
def test_a_command_may_be_refused_when_it_is_started(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer, refusal: tuple[int, str], reason: Reason
) -> None:
    dockerd.exec = FakeExec(refusal=refusal)
    assert waits(docker, app).reason is reason


def test_an_error_of_docker_is_an_error_of_docker(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer
) -> None:
    dockerd.refuse_next = (500, "cannot create exec")
    assert waits(docker, app).reason is Reason.DOCKER_ERROR


@pytest.mark.parametrize(("status", "starts"), [("exited", 1), ("running", 2)])
def test_a_command_that_went_down_with_its_container_says_nothing(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer, status: str, starts: int
) -> None:
    seen = docker.find(ContainerRef(name="app"))
    dockerd.exec = FakeExec(frame(1, b"half"), exit_code=137)
    assert run_in_container(docker, seen, ["true"], timeout=5).exit_code == 137

    def end(path: str) -> None:
        if path.endswith("/start"):
            app.status, app.starts = status, starts

    dockerd.before_answer = end
    with pytest.raises(Waiting) as caught:
        run_in_container(docker, seen, ["true"], timeout=5)
    assert caught.value.reason is Reason.CONTAINER_NOT_RUNNING


def test_a_command_that_docker_never_started_is_not_taken_for_done(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer
) -> None:
    dockerd.exec = FakeExec(frame(1, b"cannot exec in a stopped state\r\n"), exit_code=None)
    assert waits(docker, app).reason is Reason.CONTAINER_NOT_RUNNING


@pytest.mark.parametrize(
    "stream", [frame(1, b"half")[:10], b"\x01\x00", b"\x07\x00\x00\x00\x00\x00\x00\x01x"]
)
def test_a_stream_that_breaks_off_or_is_none_is_a_failure_of_docker(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer, stream: bytes
) -> None:
    dockerd.exec = FakeExec(stream)
    with pytest.raises(DockerUnavailable):
        run(docker, app)


def test_a_daemon_that_hangs_in_the_middle_is_hung(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer, eventually: Eventually
) -> None:
    dockerd.exec = FakeExec(frame(1, b"some") + frame(1, b"more")[:9], hang=True, running=1000)

    def hang() -> None:
        eventually(lambda: any(path.endswith("/start") for path in dockerd.requests), "it is started")
        dockerd.mode = Mode.PING_ONLY

    hanging = threading.Thread(target=hang)
    hanging.start()
    begun = time.monotonic()
    with pytest.raises(DockerUnavailable) as caught:
        run(docker, app, timeout=0.5)
    hanging.join()
    assert caught.value.reason is Reason.DOCKER_HUNG
    assert time.monotonic() - begun < 3
    dockerd.release()


def test_no_connection_is_left_open(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer, eventually: Eventually
) -> None:
    before = open_files()
    dockerd.exec = FakeExec(frame(1, b"x" * 1001), hang=True, exit_code=None)
    run(docker, app, limit=1000)
    dockerd.exec = FakeExec(hang=True, running=1000)
    run(docker, app, timeout=0.1)
    dockerd.exec = FakeExec(frame(1, b"half")[:10])
    with pytest.raises(DockerUnavailable):
        run(docker, app)
    docker.close()
    dockerd.release()
    eventually(lambda: not dockerd.connections, "all connections are closed")
    assert open_files() <= before


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def process() -> Iterator["subprocess.Popen[bytes]"]:
    child = subprocess.Popen(["sleep", "60"], start_new_session=True)
    yield child
    child.kill()
    child.wait()


def test_a_process_of_somebody_else_is_never_killed(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer, process: "subprocess.Popen[bytes]"
) -> None:
    dockerd.exec = FakeExec(hang=True, running=1000, pid=process.pid)
    result = run(docker, app, timeout=0.2)
    assert result.exit_code is None
    assert f"may still run: process {process.pid} is not one of that container's" in result.describe()
    assert process.poll() is None


def test_a_process_of_the_containers_control_group_is_killed(
    docker: Docker,
    dockerd: FakeDockerd,
    app: FakeContainer,
    process: "subprocess.Popen[bytes]",
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / str(process.pid)
    folder.mkdir()
    (folder / "cgroup").write_text(f"0::/system.slice/docker-{app.id}.scope\n")
    monkeypatch.setattr(host_process, "PROC", tmp_path)
    dockerd.exec = FakeExec(hang=True, running=1000, pid=process.pid)
    assert run(docker, app, timeout=0.2).describe() == "it did not end within 0.2 s, and was killed"
    assert process.wait(5) == -signal.SIGKILL


def test_a_process_that_is_not_there_is_said_to_run_on_only_while_docker_says_so(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer
) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    dockerd.exec = FakeExec(hang=True, running=1000, pid=ended.pid)
    assert f"may still run: there is no process {ended.pid} here" in run(docker, app, timeout=0.1).describe()
    dockerd.exec = FakeExec(hang=True, running=2, pid=ended.pid, exit_code=0)
    assert run(docker, app, timeout=0.1).describe() == "it did not end within 0.1 s, and has ended since"
    dockerd.release()
