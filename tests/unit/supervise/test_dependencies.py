from portreeve.containers.observed import Observed
from portreeve.definitions.locations import ContainerRef
from portreeve.definitions.supervised import ManagedContainer
from portreeve.supervise.dependencies import Dependency, circle, dependencies, unmet
from portreeve.supervise.state import ContainerState, Truth

APP = ManagedContainer("app", "", ContainerRef("shop-app"), after=("proxy", "cache"))
PROXY = ManagedContainer("proxy", "", ContainerRef("nginx"))
DB = ManagedContainer("db", "", ContainerRef(project="shop", service="db"))
DEFINITIONS = {each.name: each for each in (APP, PROXY, DB)}


def _seen(depends_on: str, network_mode: str = "default") -> Observed:
    labels = {"com.docker.compose.project": "shop", "com.docker.compose.depends_on": depends_on}
    return Observed("1", "shop-app", "image", "created", labels=labels, network_mode=network_mode)


def test_after_names_definitions_and_containers() -> None:
    assert dependencies(APP, None, DEFINITIONS) == (
        Dependency("proxy", ContainerRef("nginx"), "ready", defined=True),
        Dependency("cache", ContainerRef("cache"), "ready"),
    )


def test_conditions_of_compose_are_read_from_its_label() -> None:
    seen = _seen("db:service_healthy:false,migrate:service_completed_successfully:true,old")
    found = {each.name: each.wanted for each in dependencies(APP, seen, DEFINITIONS)}
    assert found["db"] == "healthy"
    assert found["shop-migrate"] == "completed"
    assert found["shop-old"] == "started"


def test_the_owner_of_its_network_comes_first() -> None:
    (last,) = dependencies(PROXY, _seen("", "container:vpn"), DEFINITIONS)
    assert last == Dependency("vpn", ContainerRef("vpn"), "started")


def test_so_do_the_owners_of_its_processes_and_of_its_shared_memory() -> None:
    seen = Observed("1", "app", "image", "created", pid_mode="container:a", ipc_mode="container:b")
    found = dependencies(PROXY, seen, DEFINITIONS)
    assert [(each.name, each.wanted) for each in found] == [("a", "started"), ("b", "started")]


def test_running_is_enough_for_started_and_not_for_healthy() -> None:
    truth = Truth(ContainerState.UNREADY, "it answers 500", 0.0)
    wanted = [Dependency(word, ContainerRef(word), word, defined=True) for word in ("started", "healthy")]
    (missing,) = unmet(wanted, lambda _: truth, lambda _: True)
    assert (missing.name, missing.what, missing.hopeless) == ("healthy", "it answers 500", True)


def test_a_circle_is_named_for_its_members_alone() -> None:
    graph = {"a": ["b"], "b": ["c"], "c": ["b"]}
    assert circle("b", graph) == ("b", "c", "b")
    assert circle("a", graph) == ()


def test_a_label_without_end_keeps_nobody_at_work() -> None:
    seen = _seen(",".join(f"service{number}" for number in range(5000)))
    assert len(dependencies(DB, seen, DEFINITIONS)) == 64


def test_what_can_be_no_services_name_is_no_dependency() -> None:
    seen = _seen("db,x;rm -rf ~\x1b[2J,FA\nKE,ok-1")
    assert [each.name for each in dependencies(PROXY, seen, DEFINITIONS)] == ["db", "shop-ok-1"]
