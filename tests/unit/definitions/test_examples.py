import re
from dataclasses import fields

from portreeve.definitions.locations import ContainerFile, ContainerRef
from portreeve.definitions.settings import DockerSettings, ReconcileSettings, Settings
from portreeve.resources import shipped
from unit.definitions.folders import Host


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
    names = [option.name for kind in (DockerSettings, ReconcileSettings) for option in fields(kind)]
    for name in [*names, "level"]:
        assert re.search(rf"(?m)^# [A-Z].*\.\n#{name} = ", text), name


def test_the_main_job_is_right_as_shipped(host: Host) -> None:
    host.sync(example("syncs.d/cockpit.toml"), name="cockpit")
    found = host.load()
    assert found.problems == ()
    assert found.syncs["cockpit"].sources["apphub"].location == ContainerFile(
        ContainerRef(name="websoft9-apphub"), "config.ini", volume="websoft9_apphub_config"
    )


def test_the_cockpit_template_takes_back_the_port_of_the_vendor_first() -> None:
    text = (shipped("templates") / "cockpit-listen.conf.j2").read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert lines == ["[Socket]", "ListenStream=", "ListenStream={{ port }}"]
