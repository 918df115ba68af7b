"""docs/security.md explains every exposure that systemd finds."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from portreeve.definitions.model import Definitions
from portreeve.definitions.settings import Settings
from portreeve.systemd.generate import generate

PAGE = Path(__file__).parents[3] / "docs/security.md"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
@pytest.mark.parametrize(
    "unit", ["portreeve.service", "portreeve-sync@.service", "portreeve-container@.service"]
)
def test_every_exposure_is_explained(unit: str, tmp_path: Path) -> None:
    files = generate(Definitions(Settings(), {}, {}, (), {}, (), ()), Path("/bin/true"))
    file = tmp_path / unit.replace("@.", "@x.")
    file.write_text(files[unit])
    command = ["systemd-analyze", "security", "--offline=true", "--json=short", "--no-pager", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    open_ones = {row["name"] for row in json.loads(done.stdout) if row["set"] is False and row["exposure"]}
    page = PAGE.read_text().replace("\\|", "|")
    assert {name for name in open_ones if f"`{name}`" not in page} == set()
