from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portreeve.definitions.fragments import Fragment
from portreeve.definitions.inputs import Inputs, merge
from portreeve.definitions.locations import ContainerRef
from portreeve.definitions.report import Report
from portreeve.definitions.supervised import (
    Budget,
    CommandSucceeds,
    Condition,
    FileExists,
    HasExited,
    HttpAnswers,
    IsHealthy,
    IsRunning,
    LogSays,
    ManagedContainer,
    OnUnready,
    Probe,
    TcpConnects,
)
from portreeve.definitions.supervised_rules import declared_as, refuse_circles_of_after
from unit.definitions.folders import Host

NAMED = 'container = "app"\n'


def test_a_container_is_loaded_as_it_was_declared(host: Host) -> None:
    file = host.container(
        """\
description = "AppHub"
container = "websoft9-apphub"
autostart = true
after = ["websoft9-proxy", "db"]
start_timeout = "90s"
stop_timeout = "20s"
on_unready = "recreate"
unpause = true
networks = ["websoft9", "front"]
restart = { max = 3, window = "5m", backoff = ["2s", "10s"] }

[ready]
http = "http://{{ ip }}:8080/health"
interval = "15s"
timeout = "2s"
failures = 4
successes = 2
"""
    )
    found = host.load()
    assert found.problems == ()
    assert found.containers["app"] == ManagedContainer(
        name="app",
        description="AppHub",
        container=ContainerRef(name="websoft9-apphub"),
        autostart=True,
        after=("websoft9-proxy", "db"),
        ready=Probe(HttpAnswers("http://{{ ip }}:8080/health"), 15.0, 2.0, 4, 2),
        start_timeout=90.0,
        stop_timeout=20.0,
        restart=Budget(3, 300.0, (2.0, 10.0)),
        on_unready=OnUnready.RECREATE,
        unpause=True,
        networks=("websoft9", "front"),
        origin=(file,),
    )


def test_a_container_that_is_only_named_is_watched_with_the_defaults(host: Host) -> None:
    file = host.container(NAMED)
    managed = host.load().containers["app"]
    assert managed == ManagedContainer("app", "", ContainerRef(name="app"), origin=(file,))
    assert managed.declared


@pytest.mark.parametrize(
    ("line", "ref"),
    [
        ('compose = { project = "shop", service = "db" }', ContainerRef(project="shop", service="db")),
        ('label = "app.role=db"', ContainerRef(label="app.role=db")),
    ],
)
def test_a_container_is_named_in_each_way(host: Host, line: str, ref: ContainerRef) -> None:
    host.container(line)
    assert host.load().containers["app"].container == ref


@pytest.mark.parametrize(
    ("ready", "condition"),
    [
        ('"running"', IsRunning()),
        ('"healthy"', IsHealthy()),
        ("{ running = true }", IsRunning()),
        ("{ healthy = true }", IsHealthy()),
        ("{ tcp = 80 }", TcpConnects("{{ ip }}:80")),
        ('{ tcp = "80" }', TcpConnects("{{ ip }}:80")),
        ('{ tcp = "127.0.0.1:8080" }', TcpConnects("127.0.0.1:8080")),
        ('{ tcp = "{{ networks.front.ip }}:80" }', TcpConnects("{{ networks.front.ip }}:80")),
        ('{ http = "https://{{ ip }}/" }', HttpAnswers("https://{{ ip }}/")),
        (
            '{ http = { url = "http://a/", status = 401, insecure = true } }',
            HttpAnswers("http://a/", 401, True),
        ),
        ('{ file = "/run/ready" }', FileExists("/run/ready")),
        ("{ log = 'ready for connections' }", LogSays("ready for connections")),
        ('{ exec = ["pg_isready", "-q"] }', CommandSucceeds(("pg_isready", "-q"))),
        ('{ exec = ["app", "-f", "{{.State}}"] }', CommandSucceeds(("app", "-f", "{{.State}}"))),
        ("{ exited = 0 }", HasExited(0)),
        ("{ exited = 3 }", HasExited(3)),
        ('{ interval = "10s" }', None),
    ],
)
def test_a_container_counts_as_ready_in_each_way(host: Host, ready: str, condition: Condition | None) -> None:
    host.container(f"{NAMED}ready = {ready}\n")
    found = host.load()
    assert found.problems == ()
    assert found.containers["app"].ready == Probe(condition)


def test_a_budget_of_none_says_that_it_is_never_restarted(host: Host) -> None:
    host.container(f"{NAMED}restart = {{ max = 0 }}\n")
    assert host.load().containers["app"].restart.max == 0


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (f'{NAMED}label = "x"', "cannot stand together", "keep one"),
        ('container = "/app"', 'not "/app"', '"app"'),
        ('container = ""', "`container` must not be empty", ""),
        ('compose = { project = "a" }', "`service` is missing", ""),
        (f"{NAMED}autostrat = true", "unknown key `autostrat`", "`autostart`"),
        (f"{NAMED}autostart = 1", "`autostart` must be true or false", ""),
        (f'{NAMED}ready = "helthy"', 'not "helthy"', "`healthy`"),
        (f"{NAMED}ready = 80", "must be a text in quotes, or a table", "tcp = 80"),
        (f"{NAMED}ready = {{ healthy = false }}", "`healthy` can only be true", "remove it"),
        (f'{NAMED}ready = {{ tcp = 80, log = "a" }}', "`tcp` and `log` cannot stand together", "keep one"),
        (f"{NAMED}ready = {{ tcp = 70000 }}", "must be a port", ""),
        (f'{NAMED}ready = {{ tcp = "a" }}', "must be HOST:PORT", ""),
        (f'{NAMED}ready = {{ tcp = "{{{{ ipp }}}}:80" }}', "no value `ipp`", "`ip`"),
        (f'{NAMED}ready = {{ http = "http://{{{{ xyz }}}}" }}', "no value `xyz`", "a container has name, id"),
        (f'{NAMED}ready = {{ http = "http://{{{{ ip }}" }}', "the template is not valid", ""),
        (f'{NAMED}ready = {{ http = "a:80" }}', "must start with http://", "http://a:80"),
        (f"{NAMED}ready = {{ http = {{ status = 200 }} }}", "`url` is missing", ""),
        (f'{NAMED}ready = {{ file = "run/ready" }}', "must be an absolute path", "/run/ready"),
        (f'{NAMED}ready = {{ log = "(" }}', "not a regular expression", ""),
        (f'{NAMED}ready = {{ exec = "true" }}', "must be a list", '["true"]'),
        (f'{NAMED}ready = {{ exec = ["ping", "{{{{ ip }}}}"] }}', "cannot hold a template", "localhost"),
        (f"{NAMED}ready = {{ exited = 256 }}", "must be at most 255", ""),
        (f'{NAMED}ready = {{ tcp = 1, interval = "0s" }}', "longer than nothing", ""),
        (f"{NAMED}ready = {{ tcp = 1, failures = 0 }}", "`failures` must be at least 1", ""),
        (f'{NAMED}start_timeout = "0s"', "`start_timeout` must be longer than nothing", ""),
        (f"{NAMED}stop_timeout = 10", "must be a duration with its unit", '"10s"'),
        (f'{NAMED}restart = {{ backoff = ["9s", "1s"] }}', "longer than its end", '["1s", "9s"]'),
        (f'{NAMED}restart = {{ backoff = ["9s"] }}', "must be two durations", ""),
        (f'{NAMED}restart = {{ backoff = "9s" }}', "must be two durations", ""),
        (f"{NAMED}restart = {{ max = -1 }}", "`max` must be at least 0", ""),
        (f'{NAMED}restart = {{ max = 5, window = "30s" }}', "never come within 30s", "longer `window`"),
        (f'{NAMED}on_unready = "recrate"', "must be one of restart, report, recreate", "`recreate`"),
        (f'{NAMED}after = "db"', "must be a list of names", ""),
        (f'{NAMED}after = ["db", "db"]', 'has "db" twice', ""),
        (f'{NAMED}after = ["container:db"]', "must be the name of a container", '"db"'),
        (f'{NAMED}after = ["app"]', "which is this container itself", "remove it"),
        ('container = "other"\nafter = ["other"]', "names other, which is this container itself", ""),
        (f'{NAMED}networks = ["a b"]', "must be the name of a network", "docker network ls"),
    ],
)
def test_a_mistake_in_a_container_is_told_in_its_line(host: Host, text: str, message: str, hint: str) -> None:
    file = host.container(text)
    found = host.load()
    (problem,) = found.problems
    assert message in problem.message
    assert hint in problem.hint
    assert (problem.file, problem.line) == (file, len(text.splitlines()))
    assert not found.containers


def test_a_definition_that_names_no_container_is_told(host: Host) -> None:
    host.container("autostart = true")
    (problem,) = host.load().problems
    assert (problem.message, problem.hint) == ("`container` is missing", "or compose, or label")


def test_all_mistakes_of_all_files_are_told_at_once(host: Host) -> None:
    host.container('autostart = 1\nready = "up"\nstart_timeout = 5\n', name="one")
    host.container('container = "two"\nafter = 1\n', name="two")
    host.service("tasks_max = 0\n")
    found = host.load()
    assert len(found.problems) == 7
    assert set(found.broken) == {"containers.d/one", "containers.d/two", "services.d/app"}


def test_one_mistake_neither_hides_another_nor_makes_one(host: Host) -> None:
    host.container(
        f"""\
{NAMED}ready = {{ tcp = "{{{{ ipp }}}}:80", log = "up" }}
restart = {{ window = "20s", backoff = ["9s", "1s"] }}
"""
    )
    messages = host.messages()
    assert len(messages) == 3
    assert any("no value `ipp`" in message for message in messages)
    assert any("cannot stand together" in message for message in messages)
    assert any("longer than its end" in message for message in messages)


def test_a_bad_definition_does_not_stop_the_good_ones(host: Host) -> None:
    host.container("nonsense", name="bad")
    host.container(NAMED, name="good")
    found = host.load()
    assert (set(found.containers), set(found.broken)) == ({"good"}, {"containers.d/bad"})


def test_a_drop_in_amends_a_single_key(host: Host) -> None:
    host.container(f'{NAMED}autostart = true\nready = {{ tcp = 80, interval = "5s" }}\n')
    host.write(host.run / "containers.d/app.toml.d/10.toml", '[ready]\ninterval = "1m"\n')
    managed = host.load().containers["app"]
    assert managed.autostart
    assert managed.ready == Probe(TcpConnects("{{ ip }}:80"), 60.0)
    assert [file.name for file in managed.origin] == ["app.toml", "10.toml"]


@pytest.mark.parametrize("line", [NAMED, 'label = "a=b"', 'compose = { project = "a", service = "b" }'])
def test_two_definitions_of_one_container_are_both_refused(host: Host, line: str) -> None:
    host.container(line, name="one")
    host.container(line, name="two")
    host.container('container = "other"', name="three")
    found = host.load()
    assert set(found.containers) == {"three"}
    assert [(problem.file.stem, problem.line) for problem in found.problems] == [("one", 1), ("two", 1)]


def test_all_of_a_circle_are_told_and_nobody_else(host: Host) -> None:
    for name, after in {"a": "b", "b": "the-c", "c": "a", "d": "a"}.items():
        host.container(f'container = "the-{name}"\nafter = ["{after}", "a-stranger"]\n', name=name)
    found = host.load()
    assert set(found.containers) == {"d"}
    assert [(problem.file.stem, problem.line) for problem in found.problems] == [("a", 2), ("b", 2), ("c", 2)]
    assert found.problems[0].message == "it waits for itself, by way of b and c"


def managed(name: str, after: tuple[str, ...]) -> ManagedContainer:
    return ManagedContainer(name, "", ContainerRef(name=f"the-{name}"), after=after)


NAMES = st.sampled_from("abcdef")
AFTER = st.dictionaries(NAMES, st.sets(NAMES, max_size=3), max_size=6)


@given(AFTER)
def test_what_is_in_no_circle_is_taken_and_what_waits_for_itself_is_told(after: dict[str, set[str]]) -> None:
    containers = {name: managed(name, tuple(sorted(after[name]))) for name in after}
    reports = {
        f"containers.d/{name}": Report(Inputs({}, {}, (Path(f"{name}.toml"),), ())) for name in containers
    }
    refuse_circles_of_after(containers, reports)
    told = {name for name in containers if reports[f"containers.d/{name}"].problems}
    reached = {name: reach(name, after) for name in after}
    assert told <= {name for name in after if name in reached[name]}
    rest = {name: words - told for name, words in after.items() if name not in told}
    assert not any(name in reach(name, rest) for name in rest)


def reach(name: str, after: dict[str, set[str]]) -> set[str]:
    """Everything that a name waits for, by whatever way."""
    found: set[str] = set()
    new = set(after[name])
    while new:
        found |= new
        new = {each for word in new for each in after.get(word, ())} - found
    return found


def test_a_definition_comes_before_a_container_of_that_name() -> None:
    containers = {"a": managed("a", ()), "b": ManagedContainer("b", "", ContainerRef(name="a"))}
    assert declared_as(containers) == {"a": "a", "the-a": "a", "b": "b"}


KEYS = {
    "autostart": st.booleans(),
    "start_timeout": st.integers(1, 99).map("{}s".format),
    "description": st.sampled_from(["one", "two"]),
}
FRAGMENTS = st.lists(st.fixed_dictionaries({}, optional=KEYS), max_size=4)


@given(FRAGMENTS)
def test_of_each_key_the_last_fragment_has_the_last_word(fragments: list[dict[str, object]]) -> None:
    merged = merge(Fragment(Path(f"{number}.toml"), dict(data)) for number, data in enumerate(fragments))
    last: dict[str, object] = {}
    for data in fragments:
        last |= data
    assert merged.data == last


def test_the_name_of_a_definition_fits_into_the_name_of_a_unit(host: Host) -> None:
    host.container(NAMED, name="a" * 200)
    assert host.load().problems == ()
    host.container('container = "b"', name="b" * 201)
    assert host.messages() == ["a definition's name has at most 200 characters"]
