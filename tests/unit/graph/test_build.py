"""What is drawn of the definitions."""

from __future__ import annotations

from pathlib import Path

import pytest

from portreeve.graph.build import build
from portreeve.graph.drafts import LONGEST, clean
from portreeve.graph.model import Edge, Graph, Kind, Node
from unit.definitions.folders import GOOD_SYNC, Host

LATER = """\
[sources.before]
file = "/etc/app.conf"
format = "env"

[sources.token]
credential = "token"

[values]
port = { source = "before", key = "PORT", type = "port" }
token = { source = "token", type = "secret", default = "hunter2" }

[[targets]]
container = "proxy"
volume = "proxy_conf"
path = "conf.d/app.conf"
template = "app.j2"

[[targets]]
path = "/etc/other.ini"
set = { "web.port" = "{{ port }}" }

[[check]]
command = ["nginx", "-t"]
container = "proxy"

[[apply]]
signal = { container = "proxy", signal = "HUP" }

[[apply]]
command = ["/usr/bin/curl", "https://user:hunter3@example.org/"]

[[apply]]
firewalld_port = "{{ port }}"

[[verify]]
http = { url = "http://user:hunter4@127.0.0.1:{{ port }}/" }
"""


@pytest.fixture
def host(tmp_path: Path) -> Host:
    host = Host(tmp_path)
    host.sync(GOOD_SYNC)
    host.sync(LATER, name="later")
    host.service('unit = "shop.service"\nrequires = ["docker", "sync:app"]\n', name="shop")
    return host


def found(graph: Graph, title: str, kind: Kind | None = None) -> Node:
    (node,) = (node for node in graph.nodes if node.title == title and kind in (None, node.kind))
    return node


def edge(graph: Graph, tail: Node, head: Node) -> Edge:
    (edge,) = (edge for edge in graph.edges if (edge.tail, edge.head) == (tail.id, head.id))
    return edge


def test_a_value_flows_from_its_source_through_the_sync_and_its_file_to_the_unit(host: Host) -> None:
    graph = build(host.load())
    source, sync = found(graph, "config.ini"), found(graph, "app")
    assert (source.kind, source.details) == (Kind.SOURCE, ("app", "app_config"))
    assert edge(graph, source, sync).label == "port"
    files = found(graph, "app.conf")
    assert edge(graph, sync, files)
    assert edge(graph, files, found(graph, "app.service")).label == "restart"


def test_what_another_sync_writes_is_drawn_once(host: Host) -> None:
    graph = build(host.load())
    assert edge(graph, found(graph, "app.conf"), found(graph, "later")).label == "port"
    assert len([node for node in graph.nodes if node.title == "app.conf"]) == 1


def test_all_targets_of_a_sync_are_one_set(host: Host) -> None:
    graph = build(host.load())
    files = found(graph, "2 files")
    assert files.details == ("proxy:proxy_conf/conf.d/app.conf", "/etc/other.ini")
    assert edge(graph, files, found(graph, "proxy")).label == "mounted by, check, signal"
    assert edge(graph, files, found(graph, "curl")).label == "command"
    assert edge(graph, files, found(graph, "firewalld")).label == "port"


def test_a_unit_that_waits_for_a_sync_and_docker_says_so(host: Host) -> None:
    graph = build(host.load())
    unit = found(graph, "shop.service")
    assert edge(graph, found(graph, "app", Kind.SYNC), unit).order
    assert edge(graph, found(graph, "docker"), unit).order


def test_containers_are_drawn_with_what_comes_before_them_and_what_waits_for_them(host: Host) -> None:
    host.container('container = "shop-db"\n', name="db")
    host.container('container = "shop-web"\nafter = ["db", "cache"]\n', name="web")
    host.service('unit = "front.service"\nrequires = ["container:web"]\n', name="front")
    host.sync(f'{GOOD_SYNC}\n[[verify]]\ncontainer_ready = "web"\n')
    graph = build(host.load())
    db, web = found(graph, "shop-db", Kind.CONTAINER), found(graph, "shop-web", Kind.CONTAINER)
    assert edge(graph, db, web).order
    assert edge(graph, found(graph, "cache", Kind.CONTAINER), web).order
    assert edge(graph, web, found(graph, "front.service")).order
    assert edge(graph, found(graph, "app.conf", Kind.FILES), web).label == "verify"


def test_only_what_belongs_to_the_named_syncs_is_drawn(host: Host) -> None:
    graph = build(host.load(), ["later"])
    assert "shop.service" not in [node.title for node in graph.nodes]
    assert found(graph, "app.conf").kind is Kind.SOURCE


def test_the_same_definitions_give_the_same_graph(host: Host) -> None:
    assert build(host.load()) == build(host.load())


def test_no_secret_is_in_it(host: Host) -> None:
    assert "hunter" not in repr(build(host.load()))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb", "a\\x0ab"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\u202egnp.exe", "\\x202egnp.exe"),
        ("\ud800", "\\xd800"),
        ("größe 港", "größe 港"),
    ],
)
def test_names_become_one_line_that_can_be_shown(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_a_long_name_is_cut_in_the_middle() -> None:
    cut = clean("/srv/" + "x" * 500 + "/config.ini")
    assert len(cut) <= LONGEST
    assert cut.startswith("/srv/x")
    assert cut.endswith("/config.ini")
