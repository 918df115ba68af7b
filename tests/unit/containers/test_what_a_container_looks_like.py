"""The fields of a container that values and templates address, whatever its image and labels say."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portreeve.containers.view import LONGEST, MOST, view
from portreeve.definitions.locations import FIELDS_OF_A_CONTAINER

ANSWER: dict[str, Any] = {
    "Id": "ab" * 32,
    "Name": "/shop-web-1",
    "State": {
        "Status": "running",
        "StartedAt": "2026-11-22T01:02:03.000000004Z",
        "Health": {"Status": "starting", "Log": []},
    },
    "Config": {
        "Image": "nginx:1",
        "Hostname": "web",
        "Env": ["VIRTUAL_HOST=shop.example", "EMPTY=", "TWICE=1", "TWICE=a=b", "NOTHING"],
        "Labels": {"com.docker.compose.project": "shop", "com.docker.compose.service": "web"},
        "ExposedPorts": {"443/tcp": {}, "80/tcp": {}, "53/udp": {}},
    },
    "Mounts": [
        {"Type": "volume", "Name": "data", "Source": "/v/data", "Destination": "/data", "RW": True},
        {"Type": "bind", "Source": "/etc/app", "Destination": "/conf", "RW": False},
    ],
    "NetworkSettings": {
        "Networks": {
            "shop": {
                "IPAddress": "172.18.0.2",
                "GlobalIPv6Address": "fd00::2",
                "Gateway": "172.18.0.1",
                "MacAddress": "02:42:ac:12:00:02",
                "Aliases": ["web", "ab12"],
            }
        },
        "Ports": {
            "443/tcp": None,
            "80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}, {"HostIp": "::", "HostPort": "8080"}],
        },
    },
}
BARE: dict[str, Any] = {
    "Id": "cd" * 32,
    "Name": "/bare",
    "State": {"Status": "created", "StartedAt": "0001-01-01T00:00:00Z"},
    "Config": {"Labels": None, "Env": None},
    "Mounts": None,
}


def changed(**config: Any) -> dict[str, Any]:
    return {**ANSWER, "Config": {**ANSWER["Config"], **config}}


def test_definitions_know_the_names_of_all_fields() -> None:
    assert tuple(view(ANSWER)) == FIELDS_OF_A_CONTAINER


def test_all_of_its_fields() -> None:
    assert view(ANSWER) == {
        "name": "shop-web-1",
        "id": "ab" * 32,
        "image": "nginx:1",
        "status": "running",
        "health": "starting",
        "labels": {"com.docker.compose.project": "shop", "com.docker.compose.service": "web"},
        "env": {"EMPTY": "", "TWICE": "a=b", "VIRTUAL_HOST": "shop.example"},
        "ip": "172.18.0.2",
        "networks": {
            "shop": {
                "ip": "172.18.0.2",
                "ipv6": "fd00::2",
                "gateway": "172.18.0.1",
                "mac": "02:42:ac:12:00:02",
                "aliases": ["web", "ab12"],
            }
        },
        "ports": {"80/tcp": [{"ip": "0.0.0.0", "port": 8080}, {"ip": "::", "port": 8080}]},
        "exposed": ["53/udp", "80/tcp", "443/tcp"],
        "mounts": [
            {"type": "bind", "name": "", "source": "/etc/app", "destination": "/conf", "writable": False},
            {"type": "volume", "name": "data", "source": "/v/data", "destination": "/data", "writable": True},
        ],
        "hostname": "web",
        "started_at": "2026-11-22T01:02:03.000000004Z",
        "compose": {"project": "shop", "service": "web"},
    }


def test_a_container_that_has_nothing_has_the_same_fields() -> None:
    seen = view(BARE)
    assert seen.keys() == view(ANSWER).keys()
    assert (seen["networks"], seen["ports"], seen["exposed"], seen["env"]) == ({}, {}, [], {})
    assert (seen["health"], seen["compose"]) == ("none", {"project": "", "service": ""})


def test_a_health_that_nobody_checks_any_more_is_none() -> None:
    paused = {**ANSWER, "State": {**ANSWER["State"], "Status": "paused"}}
    assert view(paused)["health"] == "none"


def test_an_entry_that_is_too_long_is_left_out_whole() -> None:
    labels = {"short": "x" * LONGEST, "long": "x" * (LONGEST + 1), "x" * (LONGEST + 1): ""}
    assert list(view(changed(Labels=labels))["labels"]) == ["short"]


def test_entries_are_bounded() -> None:
    seen = view(changed(Env=[f"N{number}=1" for number in range(MOST + 5)]))
    assert len(seen["env"]) == MOST


@pytest.mark.parametrize("port", ["http", "", "/", "99999999999/tcp", "8000-8010/tcp", "../../etc", "٣/tcp"])
def test_what_an_image_says_of_ports_is_data(port: str) -> None:
    assert view(changed(ExposedPorts={port: {}, "80/tcp": {}}))["exposed"].count(port) == 1


@given(st.dictionaries(st.text(), st.text()), st.lists(st.text()))
def test_any_texts_in_labels_and_environment_are_kept_as_they_are(
    labels: dict[str, str], env: list[str]
) -> None:
    seen = view(changed(Labels=labels, Env=[f"N{number}={text}" for number, text in enumerate(env)]))
    assert seen["labels"] == labels
    assert list(map(seen["env"].get, (f"N{number}" for number in range(len(env))))) == env


@pytest.mark.parametrize(
    "answer", [None, [], {}, {**ANSWER, "Config": None}, changed(Labels={"a": 1}), changed(Env=[3])]
)
def test_what_is_not_dockers_form_is_refused(answer: Any) -> None:
    with pytest.raises((AttributeError, KeyError, TypeError, ValueError)):
        view(answer)
