"""From what inspect tells to the request that makes an equal container; the answers are those of 20.10."""

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portreeve.containers.recreate_config import RECREATED_FROM, needs, rebuild

ID = "c0ffee" + "0" * 58
UNNAMED = "ab" * 32


def inspected(**changes: Any) -> dict[str, Any]:
    """A container of docker compose with two networks, by Docker 20.10; a change is KEY or KEY__KEY."""
    raw: dict[str, Any] = {
        "Id": ID,
        "Name": "/web",
        "Image": "sha256:" + "1" * 64,
        "State": {"Status": "running"},
        "Config": {
            "Hostname": ID[:12],
            "Domainname": "",
            "User": "www",
            "ExposedPorts": {"80/tcp": {}},
            "Tty": False,
            "Env": ["TOKEN=a=b"],
            "Cmd": ["serve"],
            "Healthcheck": {"Test": ["CMD", "true"], "Interval": 1000000000},
            "Image": "shop/web:1",
            "Volumes": {"/scratch": {}},
            "Entrypoint": None,
            "OnBuild": None,
            "Labels": {"com.docker.compose.service": "web"},
        },
        "HostConfig": {
            "Binds": ["data:/data:rw"],
            "NetworkMode": "shop_front",
            "PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]},
            "RestartPolicy": {"Name": "always", "MaximumRetryCount": 0},
            "AutoRemove": False,
            "KernelMemory": 0,
            "ConsoleSize": [0, 0],
            "CgroupnsMode": "private",
            "MaskedPaths": ["/proc/kcore"],
            "ReadonlyPaths": [],
            "Links": None,
            "VolumesFrom": None,
        },
        "Mounts": [
            {"Type": "volume", "Name": "data", "Destination": "/data", "RW": True, "Propagation": ""},
            {"Type": "volume", "Name": UNNAMED, "Destination": "/scratch", "RW": True, "Propagation": ""},
        ],
        "NetworkSettings": {
            "Networks": {
                "shop_front": {
                    "IPAMConfig": {"IPv4Address": "10.1.0.7", "LinkLocalIPs": None},
                    "Links": None,
                    "Aliases": ["web", ID[:12]],
                    "NetworkID": "f" * 64,
                    "EndpointID": "e" * 64,
                    "IPAddress": "10.1.0.7",
                    "MacAddress": "02:42:0a:01:00:07",
                    "DriverOpts": None,
                },
                "shop_back": {"IPAMConfig": None, "Links": ["db:base"], "Aliases": ["api"], "GwPriority": 5},
            }
        },
    }
    for path, value in changes.items():
        *parents, last = path.split("__")
        place = raw
        for each in parents:
            place = place[each]
        place[last] = value
    return raw


def body(raw: dict[str, Any], api_version: str = "1.41", host_name: str = "") -> dict[str, Any]:
    return dict(rebuild(raw, "shop/web:1", api_version, host_name).body)


def test_what_was_asked_for_is_asked_for_again_and_what_docker_filled_in_is_not() -> None:
    rebuilt = rebuild(inspected(), "shop/web:1", "1.41")
    assert rebuilt.body == {
        "Domainname": "",
        "User": "www",
        "ExposedPorts": {"80/tcp": {}},
        "Tty": False,
        "Env": ["TOKEN=a=b"],
        "Cmd": ["serve"],
        "Healthcheck": {"Test": ["CMD", "true"], "Interval": 1000000000},
        "Image": "shop/web:1",
        "Volumes": {"/scratch": {}},
        "Entrypoint": [""],
        "Labels": {"com.docker.compose.service": "web", RECREATED_FROM: ID},
        "HostConfig": {
            "Binds": ["data:/data:rw", f"{UNNAMED}:/scratch"],
            "NetworkMode": "shop_front",
            "PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]},
            "RestartPolicy": {"Name": "always", "MaximumRetryCount": 0},
            "AutoRemove": False,
            "CgroupnsMode": "private",
            "MaskedPaths": ["/proc/kcore"],
            "ReadonlyPaths": [],
        },
        "NetworkingConfig": {
            "EndpointsConfig": {
                "shop_front": {"IPAMConfig": {"IPv4Address": "10.1.0.7"}, "Aliases": ["web"]},
            }
        },
    }
    assert rebuilt.networks == {
        "shop_front": {"IPAMConfig": {"IPv4Address": "10.1.0.7"}, "Aliases": ["web"]},
        "shop_back": {"Links": ["db:base"], "Aliases": ["api"], "GwPriority": 5},
    }


def test_an_environment_is_not_shown_by_accident() -> None:
    assert "TOKEN" not in repr(rebuild(inspected(), "shop/web:1", "1.41"))


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({"Config__Hostname": ID[:12]}, None),
        ({"Config__Hostname": "given"}, "given"),
        ({"Config__Hostname": "given", "HostConfig__NetworkMode": "container:abc"}, None),
        ({"Config__Hostname": "given", "HostConfig__UTSMode": "host"}, None),
        ({"Config__Hostname": "metal", "HostConfig__NetworkMode": "host"}, None),
        ({"Config__Hostname": "given", "HostConfig__NetworkMode": "host"}, "given"),
    ],
)
def test_a_hostname_is_kept_where_it_was_given(changes: dict[str, str], kept: str | None) -> None:
    assert body(inspected(**changes), host_name="metal").get("Hostname") == kept


@pytest.mark.parametrize("mode", ["host", "none", "container:" + "d" * 64])
def test_a_network_that_is_a_mode_has_no_endpoints(mode: str) -> None:
    rebuilt = rebuild(inspected(HostConfig__NetworkMode=mode), "shop/web:1", "1.41")
    assert not rebuilt.networks
    assert "NetworkingConfig" not in rebuilt.body
    assert rebuilt.body["HostConfig"]["NetworkMode"] == mode
    # Docker refuses ports of its own to a container in another's network.
    assert ("ExposedPorts" in rebuilt.body) is not mode.startswith("container:")


@pytest.mark.parametrize("mode", ["default", "bridge"])
def test_the_default_bridge_is_not_configured_where_nobody_did(mode: str) -> None:
    networks = {"bridge": {"IPAMConfig": None, "Aliases": None, "MacAddress": "02:42:ac:11:00:02"}}
    rebuilt = rebuild(
        inspected(HostConfig__NetworkMode=mode, NetworkSettings__Networks=networks), "shop/web:1", "1.52"
    )
    assert "NetworkingConfig" not in rebuilt.body
    assert rebuilt.networks == {"bridge": {}}


def test_a_mode_that_is_a_networks_id_is_found_among_the_names() -> None:
    endpoints = body(inspected(HostConfig__NetworkMode="f" * 64))["NetworkingConfig"]["EndpointsConfig"]
    assert list(endpoints) == ["f" * 64]


def test_one_that_has_left_the_network_of_its_mode_is_only_connected_to_the_others() -> None:
    rebuilt = rebuild(inspected(HostConfig__NetworkMode="left"), "shop/web:1", "1.41")
    assert "NetworkingConfig" not in rebuilt.body
    assert set(rebuilt.networks) == {"shop_front", "shop_back"}


@pytest.mark.parametrize("api_version", ["1.41", "1.43", "1.44", "1.55"])
def test_a_mac_address_that_was_asked_for_is_where_that_api_wants_it(api_version: str) -> None:
    made = body(inspected(Config__MacAddress="02:00:00:00:00:01"), api_version)
    endpoint = made["NetworkingConfig"]["EndpointsConfig"]["shop_front"]
    told = (made.get("MacAddress"), endpoint.get("MacAddress"))
    old = api_version in ("1.41", "1.43")
    assert told == (("02:00:00:00:00:01", None) if old else (None, "02:00:00:00:00:01"))


def test_links_are_written_as_they_are_given() -> None:
    assert body(inspected(HostConfig__Links=["/db:/web/base"]))["HostConfig"]["Links"] == ["db:base"]


def test_unnamed_volumes_are_kept_however_they_were_asked_for() -> None:
    mounts = [
        {"Type": "volume", "Target": "/one/"},
        {"Type": "tmpfs", "Target": "/two"},
        {"Type": "volume", "Source": "three", "Target": "/three"},
    ]
    seen = [
        {"Type": "volume", "Name": "a" * 64, "Destination": "/one", "RW": True},
        {"Type": "tmpfs", "Source": "", "Destination": "/two"},
        {"Type": "volume", "Name": "three", "Destination": "/three", "RW": True},
        {"Type": "volume", "Name": "b" * 64, "Destination": "/four", "RW": False},
        {"Type": "volume", "Name": "c" * 64, "Destination": "/five", "RW": True},
    ]
    host_config = body(inspected(HostConfig__Binds=["/five"], HostConfig__Mounts=mounts, Mounts=seen))[
        "HostConfig"
    ]
    assert host_config["Binds"] == ["c" * 64 + ":/five", "b" * 64 + ":/four:ro"]
    assert [each.get("Source") for each in host_config["Mounts"]] == ["a" * 64, None, "three"]


def test_what_it_shares_with_other_containers_is_needed() -> None:
    raw = inspected(
        HostConfig__NetworkMode="container:net",
        HostConfig__IpcMode="shareable",
        HostConfig__PidMode="container:pid",
        HostConfig__VolumesFrom=["vol:ro", "net"],
        HostConfig__Links=["/db:/web/base"],
    )
    assert needs(raw) == ("net", "pid", "vol", "db")
    assert needs(inspected()) == ()


names = st.text("abcdef0123456789", min_size=1, max_size=12)


@given(st.dictionaries(names, st.booleans(), max_size=6), st.sets(names, max_size=6))
def test_every_volume_is_mounted_again_exactly_once(volumes: dict[str, bool], asked: set[str]) -> None:
    seen = [
        {"Type": "volume", "Name": f"v-{name}", "Destination": f"/{name}", "RW": writable}
        for name, writable in volumes.items()
    ]
    binds = [f"v-{name}:/{name}" for name in sorted(asked & set(volumes))]
    raw = inspected(HostConfig__Binds=binds or None, Mounts=seen)
    before = deepcopy(raw)
    made = body(raw)["HostConfig"].get("Binds", [])
    assert sorted(each.split(":")[:2] for each in made) == sorted(
        [f"v-{each}", f"/{each}"] for each in volumes
    )
    assert raw == before, "what was told is not changed"
    json.dumps(made)
