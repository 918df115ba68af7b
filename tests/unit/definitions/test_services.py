import pytest

from portreeve.definitions.supervised import (
    Budget,
    CommandSucceeds,
    Condition,
    HttpAnswers,
    Probe,
    Service,
    TcpConnects,
)
from unit.definitions.folders import GOOD_SYNC, Host


def test_a_service_is_loaded_as_it_was_declared(host: Host) -> None:
    host.sync(GOOD_SYNC)
    file = host.service('unit = "app.service"\nrequires = ["docker", "sync:app"]\n')
    service = host.load().services["app"]
    assert (service.unit, service.requires, service.origin) == (
        "app.service",
        ("docker", "sync:app"),
        (file,),
    )


def test_a_guarded_service_is_loaded_as_it_was_declared(host: Host) -> None:
    host.container('container = "mcsm-db"\n', name="mcsm-db")
    file = host.service(
        """\
description = "MCSManager"
unit = "mcsm-daemon.service"
requires = ["docker", "container:mcsm-db"]
memory_max = "2G"
memory_high = "1536M"
cpu_weight = 200
tasks_max = 512
oom_score_adjust = -500
restart = { max = 3, window = "5m", backoff = ["2s", "10s"] }
probe = { tcp = 24444, interval = "5s", timeout = "2s", failures = 4, successes = 2 }
start_grace = "1m"
"""
    )
    found = host.load()
    assert found.problems == ()
    assert found.services["app"] == Service(
        name="app",
        description="MCSManager",
        unit="mcsm-daemon.service",
        requires=("docker", "container:mcsm-db"),
        origin=(file,),
        restart=Budget(3, 300.0, (2.0, 10.0)),
        probe=Probe(TcpConnects("127.0.0.1:24444"), 5.0, 2.0, 4, 2),
        start_grace=60.0,
        memory_max=2 << 30,
        memory_high=1536 << 20,
        cpu_weight=200,
        tasks_max=512,
        oom_score_adjust=-500,
    )


@pytest.mark.parametrize(
    ("probe", "condition"),
    [
        ('{ tcp = "[::1]:80" }', TcpConnects("[::1]:80")),
        ('{ http = "http://127.0.0.1/" }', HttpAnswers("http://127.0.0.1/")),
        (
            '{ http = { url = "https://a/", status = 204, insecure = true } }',
            HttpAnswers("https://a/", 204, True),
        ),
        ('{ command = ["app", "ping"] }', CommandSucceeds(("app", "ping"))),
    ],
)
def test_a_service_is_probed_in_each_way(host: Host, probe: str, condition: Condition) -> None:
    host.service(f'unit = "app.service"\nprobe = {probe}\n')
    assert host.load().services["app"].probe == Probe(condition)


@pytest.mark.parametrize(
    "line",
    ["restart = {}", "probe = { tcp = 80 }", 'memory_max = "1G"', "oom_score_adjust = 0", "tasks_max = 9"],
)
def test_a_service_may_say_one_thing_alone(host: Host, line: str) -> None:
    host.service(f'unit = "app.service"\n{line}\n')
    found = host.load()
    assert (found.problems, found.services["app"].requires) == ((), ())


def test_what_is_not_said_of_a_service_is_left_to_its_unit(host: Host) -> None:
    host.service('unit = "app.service"\nrequires = ["docker"]\n')
    service = host.load().services["app"]
    assert service == Service("app", "", "app.service", ("docker",), service.origin)


def test_a_container_that_has_a_definition_that_is_broken_may_be_required(host: Host) -> None:
    host.container("nonsense", name="db")
    host.service('unit = "app.service"\nrequires = ["container:db"]\n')
    assert "app" in host.load().services


def test_a_sync_that_exists_and_is_broken_may_be_required(host: Host) -> None:
    host.sync("nonsense")
    host.service('unit = "app.service"\nrequires = ["sync:app"]\n')
    assert "app" in host.load().services


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ('unit = "app.service"\nrequires = ["sync:ap"]', "there is no sync `ap`", "`sync:app`"),
        ('unit = "app.service"\nrequires = ["dokcer"]', "nothing that can be required", "`docker`"),
        (
            'unit = "app.service"\nrequires = ["container:d"]',
            "no definition of a container `d`",
            "`container:db`",
        ),
        (
            'unit = "app.service"\nrequires = ["container:x"]',
            "no definition of a container `x`",
            "containers.d/x.toml",
        ),
        ('unit = "app.service"\nrequires = ["db"]', "nothing that can be required", "`container:db`"),
        ('unit = "app.service"\nrequires = ["docker", "docker"]', "stands here twice", ""),
        ('unit = "app.service"\nrequires = []', "at least one", ""),
        ('unit = "app.service"', "says nothing about its unit", "requires, restart, probe"),
        ('requires = ["docker"]', "`unit` is missing", ""),
        ('unit = "app"\nrequires = ["docker"]', "full name", '"app.service"'),
        ('unit = "app.socket"\nrequires = ["docker"]', "before basic.target", '"app.service"'),
        ('unit = "docker.service"\nrequires = ["docker"]', "they wait for it", ""),
        ('unit = "a.service"\nrequires = "docker"', "`requires` must be a list", ""),
        ('unit = "a.service"\nmemory_max = 2', "`memory_max` must be a size in quotes", ""),
        ('unit = "a.service"\nmemory_max = "1G"\nmemory_high = "2G"', "more than `memory_max`", ""),
        ('unit = "a.service"\ncpu_weight = 0', "`cpu_weight` must be at least 1", ""),
        ('unit = "a.service"\ncpu_weight = 10001', "`cpu_weight` must be at most 10000", ""),
        ('unit = "a.service"\ntasks_max = 0', "`tasks_max` must be at least 1", ""),
        ('unit = "a.service"\noom_score_adjust = 1001', "`oom_score_adjust` must be at most 1000", ""),
        ('unit = "a.service"\ntasks_max = 9\nstart_grace = "1s"', "is for a `probe`", "add one"),
        ('unit = "a.service"\nrestart = { max = 0 }', "`max` must be at least 1", "without `restart`"),
        ('unit = "a.service"\nrestart = { maxx = 1 }', "unknown key `maxx`", "`max`"),
        (
            'unit = "a.service"\nprobe = { interval = "1s" }',
            "does not say what must hold",
            "tcp, http, command",
        ),
        ('unit = "a.service"\nprobe = { tcp = 80, http = "http://a" }', "cannot stand together", "keep one"),
        ('unit = "a.service"\nprobe = { tcp = "{{ ip }}:80" }', "cannot hold a template", ""),
        ('unit = "a.service"\nprobe = { http = { status = 200 } }', "`url` is missing", ""),
        ('unit = "a.service"\nprobe = { command = "true" }', "must be a list", '["true"]'),
        ('unit = "a.service"\nprobe = { file = "/a" }', "unknown key `file`", ""),
    ],
)
def test_a_mistake_in_a_service_is_told(host: Host, text: str, message: str, hint: str) -> None:
    host.sync(GOOD_SYNC)
    host.container('container = "db"', name="db")
    host.service(text)
    (problem,) = host.load().problems
    assert message in problem.message
    assert hint in problem.hint


def test_two_services_with_one_unit_are_both_refused(host: Host) -> None:
    for name in ("one", "two"):
        host.service('unit = "app.service"\nrequires = ["docker"]\n', name=name)
    found = host.load()
    assert set(found.broken) == {"services.d/one", "services.d/two"}
    assert not found.services
