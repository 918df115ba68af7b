"""What is remembered of definitions that are long gone."""

from dataclasses import replace

import pytest

from portreeve.boot import boot_id
from portreeve.clock import Clock
from portreeve.definitions.model import Definitions
from portreeve.definitions.settings import Settings
from portreeve.reconcile.database import Database
from portreeve.reconcile.seal import Seal
from portreeve.supervise import record as container_record
from portreeve.supervise import service_record
from portreeve.supervise.forgetting import Forgetting
from portreeve.supervise.record import Record
from portreeve.supervise.service_record import ServiceRecord
from portreeve.supervise.store import SupervisedStore

from .house import APP

NOW = 1_800_000_000.0
LONG_AGO = NOW - 31 * 86400
NOTHING = Definitions(
    settings=Settings(), syncs={}, services={}, problems=(), broken={}, template_folders=(), files=()
)


@pytest.fixture
def store(database: Database) -> SupervisedStore:
    found = SupervisedStore(database, Seal(database._path.with_name("secrets.key")))
    for record in (
        Record("app", since=LONG_AGO),
        Record("lately", since=NOW - 86400),
        Record("followed", since=LONG_AGO, unit_boot=boot_id()),
        Record("halfway", since=LONG_AGO, journal="anew"),
    ):
        found.put("container", record.name, container_record.dump(record))
    found.put("container", "damaged", "{")
    for service in (ServiceRecord("daemon", since=LONG_AGO), ServiceRecord("newer", since=NOW)):
        found.put("service", service.name, service_record.dump(service))
    return found


def forget(store: SupervisedStore, definitions: Definitions) -> tuple[tuple[str, ...], tuple[str, ...]]:
    Forgetting(store, Clock(wall=lambda: NOW)).once(definitions)
    return store.names("container"), store.names("service")


def test_what_stood_so_for_a_month_and_has_no_definition_is_forgotten(store: SupervisedStore) -> None:
    assert forget(store, NOTHING) == (("followed", "halfway", "lately"), ("newer",))


def test_what_has_a_definition_stays_also_where_there_is_a_mistake_in_it(store: SupervisedStore) -> None:
    defined = replace(NOTHING, containers={"app": APP}, broken={"services.d/daemon": ()})
    assert forget(store, defined) == (("app", "followed", "halfway", "lately"), ("daemon", "newer"))


def test_who_takes_a_definition_away_while_the_agent_runs_may_put_it_back(store: SupervisedStore) -> None:
    forgetting = Forgetting(store, Clock(wall=lambda: NOW))
    forgetting.once(replace(NOTHING, containers={"app": APP}))
    forgetting.once(NOTHING)
    assert "app" in store.names("container")
