import re
from dataclasses import fields

import pytest

from portreeve.definitions.locations import ContainerFile, ContainerRef
from portreeve.definitions.settings import (
    AlertSettings,
    ContainersSettings,
    DockerSettings,
    PressureSettings,
    ReconcileSettings,
    Settings,
)
from portreeve.errors import Waiting
from portreeve.render.environment import Renderer
from portreeve.resources import shipped
from portreeve.sources.values import typed
from unit.definitions.folders import Host

KINDS = (DockerSettings, ReconcileSettings, ContainersSettings, AlertSettings, PressureSettings)


def example(name: str) -> str:
    return (shipped("examples") / name).read_text()


def test_the_shipped_settings_change_nothing(host: Host) -> None:
    host.settings(example("portreeve.toml"))
    found = host.load()
    assert (found.settings, found.problems) == (Settings(), ())


def test_the_shipped_settings_uncommented_are_the_defaults(host: Host) -> None:
    host.settings(re.sub(r"(?m)^#(?=[a-z])", "", example("portreeve.toml")))
    found = host.load()
    assert (found.settings, found.problems) == (Settings(), ())


def test_every_setting_is_in_the_shipped_file_under_a_sentence() -> None:
    text = example("portreeve.toml")
    names = [option.name for kind in KINDS for option in fields(kind)]
    for name in [*names, "level"]:
        assert re.search(rf"(?m)^# [A-Z].*\.\n#{name} = ", text), name


def test_the_main_job_is_right_as_shipped(host: Host) -> None:
    host.sync(example("syncs.d/cockpit.toml"), name="cockpit")
    found = host.load()
    assert found.problems == ()
    assert found.syncs["cockpit"].sources["apphub"].location == ContainerFile(
        ContainerRef(name="websoft9-apphub"), "config.ini", volume="websoft9_apphub_config"
    )


def test_every_definition_is_right_as_shipped(host: Host) -> None:
    found = {file.relative_to(shipped("examples")) for file in shipped("examples").glob("*.d/*.toml")}
    for file in found:
        host.write(host.etc / file, example(str(file)))
    loaded = host.load()
    assert loaded.problems == ()
    assert {str(file) for file in found} == {
        *(f"syncs.d/{name}.toml" for name in loaded.syncs),
        *(f"containers.d/{name}.toml" for name in loaded.containers),
        *(f"services.d/{name}.toml" for name in loaded.services),
    }
    assert loaded.services["mcsm-daemon"].requires == ("docker", "container:mcsm-db")


def test_the_cockpit_template_takes_back_the_port_of_the_vendor_first() -> None:
    text = (shipped("templates") / "cockpit-listen.conf.j2").read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert lines == ["[Socket]", "ListenStream=", "ListenStream={{ port }}"]


def test_a_container_cannot_take_the_name_of_an_upstream_of_another_file() -> None:
    """``proxy_pass http://localhost`` goes to an upstream of that name, whatever file defines it."""
    web = ({"name": "evil", "host": "localhost", "port": 80, "ip": "172.17.0.2"},)
    renderer = Renderer([shipped("profiles") / "nginx-proxy/templates"])
    text = renderer.file("nginx-proxy.conf.j2", {"sync": "nginx-proxy", "web": web})
    assert re.findall(r"(?:upstream |http://)([^ ;]+)", text) == ["portreeve_localhost"] * 2


def test_a_container_whose_name_nginx_has_no_room_for_is_left_out(host: Host) -> None:
    folder = shipped("profiles") / "nginx-proxy"
    template = (folder / "templates/nginx-proxy.conf.j2").read_text()
    host.write(host.etc / "templates/nginx-proxy.conf.j2", template)
    host.sync((folder / "syncs.d/nginx-proxy.toml").read_text())
    value = host.load().syncs["app"].sources["web"].values["host"]
    assert typed(value, "a" * 46) == "a" * 46
    with pytest.raises(Waiting):
        typed(value, "a" * 47)
