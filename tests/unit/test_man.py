"""The manual pages name every command, option and key that there is, and no other."""

import dataclasses
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

import click
import pytest

from portreeve.cli.main import cli
from portreeve.definitions import steps, supervised
from portreeve.definitions.locations import ContainerCommand, ContainerList
from portreeve.definitions.model import Source, ValueType
from portreeve.definitions.quantities import parse_duration, parse_size
from portreeve.definitions.schema import Table
from portreeve.definitions.settings_tables import (
    AlertsTable,
    DockerTable,
    LogTable,
    ParallelTable,
    PressureTable,
    ReconcileTable,
    SettingsTable,
)
from portreeve.definitions.supervised_tables import (
    HostProbeTable,
    ManagedTable,
    ReadyTable,
    RestartTable,
    ServiceTable,
)
from portreeve.definitions.tables import (
    AdoptTable,
    ApplyTable,
    CheckTable,
    ComposeTable,
    ContainersTable,
    ExecTable,
    HttpTable,
    RuleTable,
    SelinuxPortTable,
    SignalTable,
    SourceTable,
    SyncTable,
    TargetTable,
    ValueTable,
    VerifyTable,
)

CHECKOUT = Path(__file__).resolve().parents[2]
MAN = CHECKOUT / "docs/man"
PAGES = sorted(MAN.iterdir())

KEYS: Mapping[str, Mapping[str, type[Table]]] = {
    "portreeve.toml.5": {
        "": SettingsTable,
        "[docker]": DockerTable,
        "[reconcile]": ReconcileTable,
        "[containers]": ParallelTable,
        "[alerts]": AlertsTable,
        "[pressure]": PressureTable,
        "[log]": LogTable,
    },
    "portreeve-sync.5": {
        "Keys": SyncTable,
        "[sources.NAME]": SourceTable,
        "The table compose": ComposeTable,
        "The table containers": ContainersTable,
        "[sources.NAME.values]": RuleTable,
        "[values]": ValueTable,
        "The table adopt": AdoptTable,
        "[[targets]]": TargetTable,
        "[[check]]": CheckTable,
        "[[apply]]": ApplyTable,
        "The table exec": ExecTable,
        "The table signal": SignalTable,
        "The table selinux_port": SelinuxPortTable,
        "[[verify]]": VerifyTable,
        "The table http": HttpTable,
    },
    "portreeve-container.5": {
        "Keys": ManagedTable,
        "The table compose": ComposeTable,
        "The table ready": ReadyTable,
        "The table http": HttpTable,
        "The table restart": RestartTable,
    },
    "portreeve-service.5": {
        "Keys": ServiceTable,
        "The table restart": RestartTable,
        "The table probe": HostProbeTable,
        "The table http": HttpTable,
    },
}
"""Each page's sections of keys, and the table that each is about."""

STEPS = {
    **steps.UNIT_STEPS,
    "port_free": steps.PortFree,
    "command": steps.Command,
    "units": steps.Units,
    "exec": steps.Exec,
    "signal": steps.Signal,
    "firewalld_port": steps.FirewalldPort,
    "selinux_port": steps.SelinuxPort,
    "listening": steps.Listening,
    "tcp": steps.Tcp,
    "http": steps.Http,
    "unit_active": steps.UnitActive,
    "container_ready": steps.ContainerReady,
}


def default(kind: type, name: str) -> Any:
    """What holds where a definition says nothing."""
    field = next(field for field in dataclasses.fields(kind) if field.name == name)
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


def source(page: str) -> str:
    return (MAN / page).read_text()


def section(page: str, title: str) -> str:
    """The lines below a heading, up to the next."""
    parts = re.split(r"(?m)^\.S[hs] (.+)\n", source(page))
    titles = [heading.removesuffix("\\&") for heading in parts[1::2]]
    assert titles.count(title) == 1, f"{page} has {titles}"
    return parts[2 * titles.index(title) + 2]


def items(text: str) -> dict[str, str]:
    """Keys that are described in a section, each with its description; several may share one."""
    parts = re.split(r"(?m)^\.It Ic (.+)\n", text)
    found: dict[str, str] = {}
    for words, description in zip(parts[1::2], parts[2::2], strict=True):
        names = words.partition(" No ")[0].split(" , ")
        assert not found.keys() & set(names), f"{names} twice"
        found |= dict.fromkeys(names, description)
    return found


def inner_tables(annotation: object) -> Iterator[type[Table]]:
    if isinstance(annotation, type) and issubclass(annotation, Table):
        yield annotation
    for part in get_args(annotation):
        yield from inner_tables(part)


def has_a_heading(kind: type[Table], key: str) -> bool:
    """Whether a key of a table is one that others stand below: [docker], [sources.NAME], [[targets]]."""
    field = kind.model_fields[key]
    return (
        get_origin(field.annotation) in (dict, list) and any(inner_tables(field.annotation))
    ) or isinstance(field.default, Table)


def all_tables(kind: type[Table]) -> set[type[Table]]:
    found = {kind}
    for field in kind.model_fields.values():
        for table in inner_tables(field.annotation):
            found |= all_tables(table)
    return found


def plain(roff: str) -> str:
    return roff.replace("\\(dq", '"').replace("\\-", "-")


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        elif command is not None and not command.hidden:
            yield " ".join((*path, name)), command


def options(command: click.Command) -> set[str]:
    return {
        option.removeprefix("-")
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.hidden
        for option in parameter.opts
    }


def described_commands() -> dict[str, str]:
    """Each command of the page: its synopsis and its description."""
    parts = re.split(r"(?m)^\.It (?:Xo\n\.)?Cm (.+)\n", source("portreeve.1").partition(".Sh COMMANDS")[2])
    return dict(zip(parts[1::2], parts[2::2], strict=True))


COMMANDS = dict(commands(cli))


def require(program: str) -> None:
    """tests/run installs it where it may; a developer without root goes on without."""
    if os.environ.get("CI") != "true" and not shutil.which(program):
        pytest.skip(f"{program} is not installed")


def test_there_is_a_page_for_the_program_and_one_for_each_kind_of_file() -> None:
    assert {page.name for page in PAGES} == {"portreeve.1", *KEYS}


def test_every_command_is_in_the_manual_and_no_other() -> None:
    assert sorted(described_commands()) == sorted(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_synopsis_of_a_command_has_each_of_its_options_and_no_other(name: str) -> None:
    synopsis = described_commands()[name].partition(".Xc")[0]
    assert set(re.findall(r"Fl (-[a-z-]+)", synopsis)) == options(COMMANDS[name])


@pytest.mark.parametrize("name", COMMANDS)
def test_the_synopsis_of_a_command_has_its_arguments(name: str) -> None:
    synopsis = described_commands()[name].partition(".Xc")[0]
    wanted = any(isinstance(parameter, click.Argument) for parameter in COMMANDS[name].params)
    assert bool(re.search(r"(?m)^\.(?:Op )?Ar [A-Z]", synopsis)) is wanted


@pytest.mark.parametrize("name", COMMANDS)
def test_each_option_is_described_with_its_command_or_among_those_of_several(name: str) -> None:
    described = re.findall(r"(?m)^\.It Fl (-[a-z-]+)", section("portreeve.1", "OPTIONS"))
    described += re.findall(r"(?m)^\.It Fl (-[a-z-]+)", described_commands()[name])
    assert options(COMMANDS[name]) <= set(described)


def test_what_is_described_before_the_command_is_there() -> None:
    every = options(cli).union({"-help"}, *map(options, COMMANDS.values()))
    described = set(re.findall(r"(?m)^\.It Fl (-[a-z-]+)", source("portreeve.1")))
    assert options(cli) | {"-help"} <= described <= every


@pytest.mark.parametrize("name", COMMANDS)
def test_the_default_of_a_timeout_is_told(name: str) -> None:
    described = described_commands()
    for parameter in COMMANDS[name].params:
        if parameter.name == "timeout" and isinstance(parameter.default, str):
            shared = "containers start" if name in {"containers stop", "containers reset"} else name
            assert f".Fl -timeout\nis {parameter.default}" in described[shared]


@pytest.mark.parametrize(
    ("page", "title", "kind"),
    [(page, title, kind) for page, sections in KEYS.items() for title, kind in sections.items() if title],
)
def test_a_section_has_every_key_of_its_table_and_no_other(page: str, title: str, kind: type[Table]) -> None:
    known = [key for key in kind.model_fields if not has_a_heading(kind, key)]
    assert sorted(items(section(page, title))) == sorted(known)


@pytest.mark.parametrize("page", KEYS)
def test_a_page_is_about_every_table_of_its_file(page: str) -> None:
    top = next(iter(KEYS[page].values()))
    assert set(KEYS[page].values()) == all_tables(top)


@pytest.mark.parametrize("page", KEYS)
def test_every_key_tells_its_kind(page: str) -> None:
    kinds = re.findall(r"(?m)^\.It Ic [a-z_]+(?: , [a-z_]+)* No = Ar ([a-z]+)$", source(page))
    bare = re.findall(
        r"(?m)^\.It Ic [a-z_]+", section(page, "How long a step may take") if "sync" in page else ""
    )
    assert len(kinds) + len(bare) == len(re.findall(r"(?m)^\.It Ic ", source(page)))
    known = {
        "text",
        "path",
        "duration",
        "size",
        "number",
        "truth",
        "list",
        "table",
        "template",
        "unit",
        "value",
    }
    assert set(kinds) <= known


def default_of(page: str, title: str, key: str) -> object:
    told = re.search(r"The default is\n\.Li (.+) \.$", items(section(page, title))[key], re.MULTILINE)
    assert told, f"{key} of {title} in {page} tells no default"
    return tomllib.loads(f"value = {plain(told[1])}")["value"]


def test_the_defaults_of_the_settings_are_those_of_the_shipped_file() -> None:
    shipped = (CHECKOUT / "examples/portreeve.toml").read_text()
    for table, keys in tomllib.loads(re.sub(r"(?m)^#(?=[a-z])", "", shipped)).items():
        for key, value in keys.items():
            assert default_of("portreeve.toml.5", f"[{table}]", key) == value, f"{table}.{key}"


@pytest.mark.parametrize(
    ("page", "title", "key", "default"),
    [
        ("portreeve-sync.5", "The table containers", "status", default(ContainerList, "status")),
        ("portreeve-container.5", "Keys", "autostart", default(supervised.ManagedContainer, "autostart")),
        (
            "portreeve-container.5",
            "Keys",
            "on_unready",
            default(supervised.ManagedContainer, "on_unready").value,
        ),
        ("portreeve-container.5", "Keys", "unpause", default(supervised.ManagedContainer, "unpause")),
        *(
            (page, "The table restart", "max", default(supervised.Budget, "max"))
            for page in ("portreeve-container.5", "portreeve-service.5")
        ),
        *(
            (page, title, key, default(supervised.Probe, key))
            for page, title in (
                ("portreeve-container.5", "The table ready"),
                ("portreeve-service.5", "The table probe"),
            )
            for key in ("failures", "successes")
        ),
    ],
)
def test_a_default_is_the_one_that_holds(page: str, title: str, key: str, default: object) -> None:
    assert default_of(page, title, key) == default


@pytest.mark.parametrize(
    ("page", "title", "key", "default"),
    [
        ("portreeve-sync.5", "[sources.NAME]", "timeout", default(ContainerCommand, "timeout")),
        (
            "portreeve-container.5",
            "Keys",
            "start_timeout",
            default(supervised.ManagedContainer, "start_timeout"),
        ),
        ("portreeve-container.5", "The table ready", "interval", default(supervised.Probe, "interval")),
        ("portreeve-container.5", "The table ready", "timeout", default(supervised.Probe, "timeout")),
        ("portreeve-container.5", "The table restart", "window", default(supervised.Budget, "window")),
        ("portreeve-service.5", "Keys", "start_grace", default(supervised.Service, "start_grace")),
        ("portreeve-service.5", "The table probe", "interval", default(supervised.Probe, "interval")),
        ("portreeve-service.5", "The table probe", "timeout", default(supervised.Probe, "timeout")),
        ("portreeve-service.5", "The table restart", "window", default(supervised.Budget, "window")),
    ],
)
def test_a_default_duration_is_the_one_that_holds(page: str, title: str, key: str, default: float) -> None:
    assert parse_duration(default_of(page, title, key)) == default


@pytest.mark.parametrize("page", ["portreeve-container.5", "portreeve-service.5"])
def test_the_default_backoff_is_the_one_that_holds(page: str) -> None:
    told = default_of(page, "The table restart", "backoff")
    assert isinstance(told, list)
    assert tuple(map(parse_duration, told)) == default(supervised.Budget, "backoff")


def test_the_default_size_of_a_source_is_the_one_that_holds() -> None:
    told = parse_size(default_of("portreeve-sync.5", "[sources.NAME]", "max_size"))
    assert told == default(Source, "max_size")


def test_how_long_each_step_may_take_is_told() -> None:
    told = items(section("portreeve-sync.5", "How long a step may take"))
    words = {word: parse_duration(text.split()[0]) for word, text in told.items()}
    assert words == {word: default(kind, "timeout") for word, kind in STEPS.items()}


def test_every_type_of_a_value_is_told() -> None:
    told = re.findall(r"(?m)^\.It Li (.+)$", section("portreeve-sync.5", "Types"))
    assert sorted(name for line in told for name in line.split(" , ")) == sorted(ValueType)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_refers_to_pages_that_are_there(page: Path) -> None:
    ours = {(other.stem, other.suffix[1:]) for other in PAGES}
    named = set(re.findall(r"(?m)^\.Xr (portreeve\S*) ([0-9])", page.read_text()))
    assert named <= ours
    assert named | {(page.stem, page.suffix[1:])} == ours


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_has_the_sections_that_one_looks_for(page: Path) -> None:
    titles = re.findall(r"(?m)^\.Sh (.+)$", page.read_text())
    assert titles[:3] == ["NAME", "SYNOPSIS", "DESCRIPTION"]
    assert titles[-3:] in (["FILES", "EXAMPLES", "SEE ALSO"], ["EXIT STATUS", "EXAMPLES", "SEE ALSO"])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_mandoc_has_no_objection(page: Path) -> None:
    require("mandoc")
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "style", page], capture_output=True, text=True)
    # Whether a page that is referred to is on this machine says nothing about this one.
    mine = [line for line in done.stdout.splitlines() if "referenced manual not found" not in line]
    assert mine == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_groff_has_no_warning(page: Path) -> None:
    require("groff")
    done = subprocess.run(
        ["groff", "-ww", "-b", "-z", "-mandoc", "-Tutf8", page], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""


def test_every_page_is_in_the_wheel() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    shared = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    assert shared == {
        f"docs/man/{page.name}": f"share/man/man{page.suffix[1:]}/{page.name}" for page in PAGES
    }
