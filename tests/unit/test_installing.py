"""The user-data of docs/installing.md is what cloud-init and portreeve read."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from portreeve.definitions.load import load
from portreeve.paths import Paths

CHECKOUT = Path(__file__).resolve().parents[2]
BLOCKS = re.findall(r"```yaml\n(.+?)```", (CHECKOUT / "docs/installing.md").read_text(), re.DOTALL)


def files(user_data: str) -> dict[str, str]:
    data: dict[str, Any] = yaml.safe_load(user_data)
    return {file["path"]: file["content"] for file in data.get("write_files", ())}


def test_there_is_user_data_for_a_repository_and_for_a_file() -> None:
    assert [sorted(yaml.safe_load(block)) for block in BLOCKS] == [
        ["apt", "packages", "write_files"],
        ["runcmd"],
    ]


@pytest.mark.parametrize("block", BLOCKS)
def test_cloud_init_knows_it_for_its_own(block: str) -> None:
    assert block.splitlines()[0] == "#cloud-config"


def test_what_it_writes_has_no_mistake(tmp_path: Path) -> None:
    written = files(BLOCKS[0])
    for path, content in written.items():
        file = tmp_path / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    found = load(Paths(tmp_path))
    assert (found.problems, list(found.syncs)) == ((), ["cockpit"])
    assert found.settings.reconcile.deadline == 15 * 60
    assert "/etc/portreeve/portreeve.toml" not in written, "dpkg would ask about a file of the package"
