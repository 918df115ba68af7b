"""The documentation says what the program does: what can be compared is compared."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from portreeve.control.conditions import Word
from portreeve.definitions.schema import Table
from portreeve.definitions.settings_tables import SettingsTable
from portreeve.definitions.supervised_tables import ManagedTable, ServiceTable
from portreeve.definitions.tables import SyncTable
from portreeve.errors import ExitCode, Reason
from portreeve.reconcile.status import Stage, State
from portreeve.supervise.state import ContainerState
from portreeve.upgrade.mark import Event

CHECKOUT = Path(__file__).resolve().parents[2]
PAGES = (*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").glob("*.md"))


def page(name: str) -> str:
    return (CHECKOUT / "docs" / name).read_text()


def test_every_reason_is_explained_and_no_other() -> None:
    explained = re.findall(r"^### `([a-z-]+)`$", page("reasons.md"), re.MULTILINE)
    assert explained == sorted(reason.value for reason in Reason)


def test_every_reason_tells_what_to_do() -> None:
    for section in page("reasons.md").split("\n### ")[1:]:
        assert "\n**To do:** " in section, section.splitlines()[0]


@pytest.mark.parametrize("state", State)
def test_the_readme_has_every_state(state: State) -> None:
    assert f"| {state.value} |" in (CHECKOUT / "README.md").read_text()


@pytest.mark.parametrize("state", ContainerState)
def test_the_readme_has_every_state_of_a_container(state: ContainerState) -> None:
    first_cells = re.findall(r"^\| ([^|]+) \|", (CHECKOUT / "README.md").read_text(), re.MULTILINE)
    assert state.value in {word for cell in first_cells for word in cell.split(" · ")}


@pytest.mark.parametrize("word", Word)
def test_every_condition_of_wait_is_documented(word: Word) -> None:
    assert f"`{word.value}" in page("wait.md")


@pytest.mark.parametrize("word", [*Stage, *State])
def test_the_drawing_has_every_stage_and_state(word: str) -> None:
    assert word in page("design.md")


@pytest.mark.parametrize("code", ExitCode)
def test_the_readme_has_every_exit_code(code: ExitCode) -> None:
    assert re.search(rf"^\| {code.value} \|", (CHECKOUT / "README.md").read_text(), re.MULTILINE)


def kinds(table: type[Table]) -> Iterator[type[Table]]:
    """Every kind of table that is made from this one."""
    for kind in table.__subclasses__():
        yield from (kind, *kinds(kind))


def keys(table: type[Table]) -> set[str]:
    """The keys of a table and of the tables in it."""
    found = set()
    for name, field in table.model_fields.items():
        found.add(name)
        for inner in re.findall(r"\w+Table", str(field.annotation)):
            kind = next((kind for kind in kinds(Table) if kind.__name__ == inner), None)
            found |= keys(kind) if kind else set()
    return found


@pytest.mark.parametrize(
    "key", sorted(keys(SyncTable) | keys(SettingsTable) | keys(ManagedTable) | keys(ServiceTable))
)
def test_the_reference_has_every_key(key: str) -> None:
    assert re.search(rf"`[^`]*\b{key}\b[^`]*`", page("definitions.md")), key


def test_the_page_for_packages_has_every_event() -> None:
    told = set(re.findall(r"`((?:pre|post)-[a-z]+)`", page("hooks.md")))
    assert told == {event.value for event in Event} - {Event.TRIGGERED}


@pytest.mark.parametrize(
    "script", re.findall(r"^```sh\n(.*?)^```$", page("hooks.md"), re.DOTALL | re.MULTILINE)
)
def test_scripts_that_others_are_to_copy_are_sound(script: str) -> None:
    shellcheck = Path(sys.executable).with_name("shellcheck")
    done = subprocess.run([shellcheck, "-"], input=script, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.name)
def test_links_lead_somewhere(file: Path) -> None:
    for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", file.read_text()):
        if "://" not in link:
            assert (file.parent / link).exists(), link
