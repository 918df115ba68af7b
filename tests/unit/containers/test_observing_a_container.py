"""One look at a container tells all about its life, and nothing that it does not know."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.dockerd import FakeContainer, FakeDockerd, Mode, bind, volume
from portreeve.containers.connection import Docker
from portreeve.containers.observe import observe, observe_id, parse
from portreeve.definitions.locations import ContainerRef
from portreeve.errors import DockerUnavailable, Reason, Waiting

APP = ContainerRef(name="app")


def test_one_that_runs(docker: Docker, dockerd: FakeDockerd) -> None:
    app = FakeContainer(
        "app", started_at="2024-03-01T12:00:00.5Z", policy="always", restart_count=3, labels={"a": "b"}
    )
    dockerd.containers = [app]
    seen = observe(docker, APP)
    assert (seen.id, seen.name, seen.image, seen.status, seen.pid) == (
        app.id,
        "app",
        "busybox",
        "running",
        4242,
    )
    assert seen.runs
    assert seen.started_at == 1_709_294_400.5
    assert seen.finished_at is None
    assert (seen.policy, seen.restart_count, seen.labels) == ("always", 3, {"a": "b"})
    assert (seen.health, seen.has_health_check, seen.networks) == ("none", False, ("bridge",))
    assert seen.view["name"] == "app"


def test_one_whose_start_failed(docker: Docker, dockerd: FakeDockerd) -> None:
    app = FakeContainer("app", status="created", started_at="0001-01-01T00:00:00Z", exit_code=128)
    app.error = "driver failed programming external connectivity"
    dockerd.containers = [app]
    seen = observe(docker, APP)
    assert (seen.status, seen.started_at, seen.exit_code) == ("created", None, 128)
    assert seen.error == app.error
    assert not seen.runs


def test_its_health_and_the_last_words_of_its_check(docker: Docker, dockerd: FakeDockerd) -> None:
    log = [{"Output": "fine\n"}, {"Output": "connection\nrefused\x1b[0m\n"}]
    health = {"Status": "unhealthy", "FailingStreak": 3, "Log": log}
    dockerd.containers = [
        FakeContainer(
            "app", inspect={"State": {"Health": health}, "Config": {"Healthcheck": {"Test": ["x"]}}}
        )
    ]
    seen = observe(docker, APP)
    assert (seen.health, seen.has_health_check) == ("unhealthy", True)
    assert seen.health_output == "connection refused [0m"


def test_the_health_of_one_that_does_not_run_is_none_whatever_docker_keeps(
    docker: Docker, dockerd: FakeDockerd
) -> None:
    dockerd.containers = [FakeContainer("app", status="exited", health="unhealthy")]
    assert observe(docker, APP).health == "none"


@pytest.mark.parametrize("test", [None, [], ["NONE"]])
def test_a_check_that_is_switched_off_is_none(
    docker: Docker, dockerd: FakeDockerd, test: list[str] | None
) -> None:
    dockerd.containers = [FakeContainer("app", inspect={"Config": {"Healthcheck": {"Test": test}}})]
    assert not observe(docker, APP).has_health_check


def test_ports_that_it_was_made_with_and_that_docker_chose(docker: Docker, dockerd: FakeDockerd) -> None:
    made = {
        "53/udp": [{"HostIp": "", "HostPort": "53"}],
        "80/tcp": [{"HostIp": "", "HostPort": ""}],
        "90/tcp": [{"HostIp": "", "HostPort": "9000-9010"}],
        "91/tcp": None,
    }
    dockerd.containers = [FakeContainer("app", inspect={"HostConfig": {"PortBindings": made}})]
    assert observe(docker, APP).ports == ("53/udp", "8080/tcp")


def test_the_folders_of_the_host_that_are_mounted_into_it(docker: Docker, dockerd: FakeDockerd) -> None:
    mounts = [bind("/srv/app", "/app"), volume("data", "/var/lib/docker/volumes/data/_data", "/data")]
    dockerd.containers = [FakeContainer("app", mounts=mounts)]
    assert observe(docker, APP).binds == ("/srv/app",)


def test_it_is_in_no_network_whose_endpoint_is_gone(docker: Docker, dockerd: FakeDockerd) -> None:
    networks = {"shop": {"EndpointID": "", "IPAddress": ""}}
    dockerd.containers = [
        FakeContainer("app", status="exited", inspect={"NetworkSettings": {"Networks": networks}})
    ]
    assert observe(docker, APP).networks == ()


def test_a_container_that_docker_does_not_answer_about_is_busy(docker: Docker, dockerd: FakeDockerd) -> None:
    app = FakeContainer("app")
    dockerd.containers = [app]
    dockerd.before_answer = lambda path: path.endswith(f"{app.id}/json") and dockerd.released.wait(20)
    with pytest.raises(Waiting) as caught:
        observe(docker, APP)
    assert caught.value.reason is Reason.CONTAINER_BUSY
    assert not isinstance(caught.value, DockerUnavailable)
    docker.require_up()


def test_a_docker_that_hangs_meanwhile_is_hung(docker: Docker, dockerd: FakeDockerd) -> None:
    app = FakeContainer("app")
    dockerd.containers = [app]

    def hang(path: str) -> None:
        if path.endswith(f"{app.id}/json"):
            dockerd.mode = Mode.HANG

    dockerd.before_answer = hang
    with pytest.raises(DockerUnavailable) as caught:
        observe(docker, APP)
    assert caught.value.reason is Reason.DOCKER_HUNG


def test_one_that_was_removed_is_absent(docker: Docker, dockerd: FakeDockerd) -> None:
    dockerd.containers = [FakeContainer("app")]
    seen = observe(docker, APP)
    dockerd.containers.clear()
    with pytest.raises(Waiting) as caught:
        observe_id(docker, seen.id, seen.name)
    assert caught.value.reason is Reason.CONTAINER_ABSENT


def test_one_that_was_absent_a_moment_ago_is_seen(docker: Docker, dockerd: FakeDockerd) -> None:
    dockerd.containers = [FakeContainer("app")]
    dockerd.vanish_before_inspect = {"app"}
    with pytest.raises(Waiting):
        observe(docker, APP)
    dockerd.vanish_before_inspect.clear()
    assert observe(docker, APP).runs


@pytest.mark.parametrize("at", ["/containers/json", "/json"])
def test_half_an_answer_is_an_error(docker: Docker, dockerd: FakeDockerd, at: str) -> None:
    dockerd.containers = [FakeContainer("app")]

    def truncate(path: str) -> None:
        if path.endswith(at) and (at != "/json" or not path.endswith("/containers/json")):
            dockerd.mode = Mode.TRUNCATED

    dockerd.before_answer = truncate
    with pytest.raises(DockerUnavailable) as caught:
        observe(docker, APP)
    assert caught.value.reason is Reason.DOCKER_ERROR


@pytest.mark.parametrize(
    "state",
    [{"StartedAt": "yesterday"}, {"StartedAt": "2024-01-01T00:00:00"}, {"Error": 3}, {"Pid": None}],
)
def test_what_is_not_of_dockers_form_is_an_error(
    docker: Docker, dockerd: FakeDockerd, state: dict[str, object]
) -> None:
    dockerd.containers = [FakeContainer("app", inspect={"State": state})]
    with pytest.raises(DockerUnavailable) as caught:
        observe(docker, APP)
    assert caught.value.reason is Reason.DOCKER_ERROR


@given(
    st.text(max_size=300),
    st.dictionaries(st.text(max_size=10), st.none() | st.just([{"HostPort": "99999"}, {"HostPort": "٣"}])),
)
def test_hostile_words_and_ports_are_bounded_data(output: str, ports: dict[str, object]) -> None:
    seen = parse(
        {
            "Id": "a" * 64,
            "Name": "/app",
            "State": {
                "Status": "running",
                "Pid": 1,
                "StartedAt": "2024-03-01T12:00:00.123456789+02:00",
                "Health": {"Status": "healthy", "Log": [{"Output": output * 10}]},
            },
            "Config": {"Labels": None},
            "HostConfig": {"PortBindings": ports},
        }
    )
    assert seen.ports == ()
    assert len(seen.health_output) <= 201
    assert seen.health_output.isprintable()
    assert seen.started_at == pytest.approx(1_709_287_200.123456)
