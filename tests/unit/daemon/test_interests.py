"""A sync is woken by every container that its sources, targets and steps name."""

from pathlib import Path

import pytest

from portreeve.daemon.declared import container_interests
from portreeve.definitions.locations import (
    ContainerCommand,
    ContainerFile,
    ContainerList,
    ContainerRef,
    HostFile,
    Inspection,
    Location,
)
from portreeve.definitions.model import Definitions, Source, Sync, Target, Template
from portreeve.definitions.settings import Settings
from portreeve.definitions.steps import Command, ContainerReady, Exec, Restart, Signal
from portreeve.definitions.supervised import ManagedContainer
from portreeve.triggers.interest import Interest

APP = ContainerRef(name="app")


def interests(sync: Sync) -> tuple[Interest, ...]:
    definitions = Definitions(Settings(), {"s": sync}, {}, (), {}, (), ())
    return container_interests(definitions).get("s", ())


def sync(*locations: Location, **more: object) -> Sync:
    sources = {f"s{number}": Source(f"s{number}", place, None) for number, place in enumerate(locations)}
    parts = {"targets": (), "check": (), "apply": (), "verify": (), **more}
    return Sync("s", "", sources, {}, deadline=300, origin=(), **parts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        (ContainerFile(APP, "/a"), Interest(APP)),
        (ContainerCommand(APP, ("a",)), Interest(APP)),
        (Inspection(APP), Interest(APP, details=True)),
        (ContainerList(("proxy",), "running", "shop"), Interest(labels=("proxy",), details=True)),
    ],
)
def test_sources(location: Location, expected: Interest) -> None:
    assert interests(sync(location)) == (expected,)


def test_targets_and_steps() -> None:
    other, third = ContainerRef(name="other"), ContainerRef(name="third")
    whole = sync(
        HostFile(Path("/a")),
        targets=(Target(ContainerFile(APP, "/b"), Template("t")),),
        check=(Command(("nginx", "-t"), container=other),),
        apply=(Exec(other, ("true",)), Signal(third, "HUP"), Restart("a.service")),
        verify=(Command(("true",)),),
    )
    assert interests(whole) == (Interest(APP), Interest(other), Interest(third))


def test_a_sync_of_the_host_alone_is_left_out() -> None:
    assert interests(sync(HostFile(Path("/a")), apply=(Restart("a.service"),))) == ()


def test_a_container_that_is_to_be_ready_is_found_by_its_definition() -> None:
    db = ManagedContainer("db", "", APP)
    whole = {"s": sync(verify=(ContainerReady("db"), ContainerReady("gone")))}
    definitions = Definitions(Settings(), whole, {}, (), {}, (), (), containers={"db": db})
    assert container_interests(definitions) == {"s": (Interest(APP),)}
