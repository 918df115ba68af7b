"""The SBOM lists what is in the locked wheels, or is not written."""

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from release import lock, sbom, wheel
from release.errors import BuildError

EPOCH = 1_795_000_000
LOCK = """
alpha==1.0 ; platform_python_implementation != 'PyPy' \\
    --hash=sha256:{alpha} \\
    --hash=sha256:{alpha13}
    # via portreeve
beta==2.0 \\
    --hash=sha256:{source}
colorama==0.4 ; sys_platform == 'win32' \\
    --hash=sha256:{source}
"""
SOURCE = "5" * 64
ALPHA = f"alpha==1.0 --hash=sha256:{SOURCE}"


def make_wheel(
    folder: Path, file: str, needs: tuple[str, ...] = (), files: Mapping[str, str] = MappingProxyType({})
) -> Path:
    """A wheel whose metadata is real."""
    name, version = file.split("-")[:2]
    lines = [f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\nLicense-Expression: MIT\n"]
    lines += [f"Requires-Dist: {need}\n" for need in needs]
    path = folder / file
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}-{version}.dist-info/METADATA", "".join(lines))
        for inner, content in files.items():
            archive.writestr(inner, content)
    return path


@pytest.fixture
def composed(tmp_path: Path) -> Mapping[str, Any]:
    """An SBOM of three wheels of two packages."""
    return json.loads(compose(tmp_path))  # type: ignore[no-any-return]


def compose(folder: Path) -> str:
    wheels = [
        make_wheel(folder, "alpha-1.0-cp311-none-any.whl", ("beta>=1", "x; extra == 'y'"), {"alpha.py": "1"}),
        make_wheel(folder, "alpha-1.0-cp313-none-any.whl", ("beta>=1",), {"alpha.py": "13"}),
        make_wheel(folder, "beta-2.0-py3-none-any.whl"),
    ]
    own = wheel.read(make_wheel(folder, "portreeve-0.2.0-py3-none-any.whl", ("alpha",)))
    read = [wheel.read(path) for path in wheels]
    text = LOCK.format(alpha=read[0].sha256, alpha13=read[1].sha256, source=SOURCE)
    return sbom.compose(own, EPOCH, lock.parse(text), read)


@pytest.fixture(autouse=True)
def nothing_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No package of which more is known than its metadata tells."""
    known = tmp_path / "components.toml"
    known.write_text("")
    monkeypatch.setattr(sbom, "_KNOWN", known)
    return known


def test_every_package_has_name_version_licence_and_purl(composed: Mapping[str, Any]) -> None:
    alpha, beta = composed["components"]
    assert (alpha["name"], alpha["version"], alpha["purl"]) == ("alpha", "1.0", "pkg:pypi/alpha@1.0")
    assert beta["licenses"] == [{"license": {"id": "MIT"}}]


def test_every_wheel_that_the_lock_names_has_its_hash(composed: Mapping[str, Any]) -> None:
    files = composed["components"][0]["externalReferences"]
    assert [file["comment"] for file in files] == [
        "alpha-1.0-cp311-none-any.whl",
        "alpha-1.0-cp313-none-any.whl",
    ]
    assert len({file["hashes"][0]["content"] for file in files}) == 2


def test_what_is_built_from_source_has_the_hash_of_its_source(composed: Mapping[str, Any]) -> None:
    (file,) = composed["components"][1]["externalReferences"]
    assert (file["type"], file["hashes"][0]["content"]) == ("source-distribution", SOURCE)


def test_it_tells_who_needs_whom(composed: Mapping[str, Any]) -> None:
    needs = {entry["ref"]: entry["dependsOn"] for entry in composed["dependencies"]}
    assert needs["pkg:generic/portreeve@0.2.0"] == ["pkg:pypi/alpha@1.0"]
    assert needs["pkg:pypi/alpha@1.0"] == ["pkg:pypi/beta@2.0"]


def test_it_bears_the_time_of_the_release(composed: Mapping[str, Any]) -> None:
    assert composed["metadata"]["timestamp"] == "2026-11-18T11:06:40Z"


def test_it_is_the_same_whenever_it_is_written(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    assert compose(tmp_path / "one") == compose(tmp_path / "other")


def test_components_that_a_wheel_lists_itself_are_listed_in_it(tmp_path: Path) -> None:
    inner = {"components": [{"type": "library", "name": "ahash", "purl": "pkg:cargo/ahash@1", "author": "x"}]}
    listed = {"alpha-1.0.dist-info/sboms/a.json": json.dumps(inner)}
    read = wheel.read(make_wheel(tmp_path, "alpha-1.0-py3-none-any.whl", files=listed))
    text = sbom.compose(read, EPOCH, lock.parse(ALPHA), [read])
    (part,) = json.loads(text)["components"][0]["components"]
    assert (part["name"], part["bom-ref"]) == ("ahash", "pkg:pypi/alpha@1.0#pkg:cargo/ahash@1")
    assert "author" not in part


@pytest.mark.parametrize(
    ("known", "files", "told"),
    [
        ("", {"a.so": "code"}, "has compiled files"),
        ('[alpha]\nversion = "0.9"', {}, "knows alpha 0.9, not 1.0: look into it again"),
        ('[omega]\nversion = "1"', {}, "knows omega, which the lock does not"),
        (
            '[alpha]\nversion = "1.0"\ncontains = [{name = "x", licence = "MIT", purl = "y", seen = "init"}]',
            {"a.so": "code"},
            "shows no `init`, by which x was known",
        ),
    ],
)
def test_what_nobody_has_looked_at_is_refused(
    tmp_path: Path, nothing_known: Path, known: str, files: dict[str, str], told: str
) -> None:
    nothing_known.write_text(known)
    read = wheel.read(make_wheel(tmp_path, "alpha-1.0-py3-none-any.whl", files=files))
    with pytest.raises(BuildError, match=told):
        sbom.compose(read, EPOCH, lock.parse(ALPHA), [read])


def test_a_licence_that_means_several_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "alpha-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "alpha-1.0.dist-info/METADATA",
            "Name: alpha\nVersion: 1.0\nClassifier: License :: OSI Approved :: BSD License\n",
        )
    read = wheel.read(path)
    with pytest.raises(BuildError, match="does not tell its licence clearly"):
        sbom.compose(read, EPOCH, lock.parse(ALPHA), [read])
