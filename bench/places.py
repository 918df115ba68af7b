"""A folder with N sources, N targets, and the definitions that connect them."""

from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]

CONTAINER = "bench-app"
VOLUME = "bench_data"

_DEFINITION = """\
[sources.app]
{source}
[values]
port = {{ source = "app", key = "web.port", type = "port" }}
"""
_TARGET = """\
[[targets]]
path = "{path}"
template = "out.conf.j2"
"""


@dataclass(frozen=True, slots=True)
class Pair:
    """A file that changes, and the files that must follow it."""

    source: Path
    targets: tuple[Path, ...]

    def change(self, port: int, *, atomic: bool) -> None:
        """Write a value: over the old one in place, or to a new file that is renamed."""
        text = f"[web]\nport = {port}\n"
        if atomic:
            new = self.source.with_name("app.ini.new")
            new.write_text(text)
            new.replace(self.source)
        else:
            self.source.write_text(text)


@dataclass(frozen=True, slots=True)
class Place:
    """Where one measurement lives.

    Args:
        root: its folder, ``PORTREEVE_ROOT`` of an agent.
        pairs: what is followed.
    """

    root: Path
    pairs: tuple[Pair, ...]

    @property
    def table(self) -> str:
        """One line for each target, ``SOURCE<tab>TARGET``, as the alternatives take it."""
        return "".join(f"{pair.source}\t{target}\n" for pair in self.pairs for target in pair.targets)


def separate(root: Path, count: int) -> Place:
    """Sources in folders of their own, as volumes are, each with one target."""
    return _made(
        root,
        tuple(
            Pair(root / f"app/{number}/app.ini", (root / f"out/{number}.conf",)) for number in range(count)
        ),
    )


def one_source(root: Path, count: int) -> Place:
    """One source that feeds many targets."""
    targets = tuple(root / f"out/{number}.conf" for number in range(count))
    return _made(root, (Pair(root / "app/0/app.ini", targets),))


def _made(root: Path, pairs: tuple[Pair, ...]) -> Place:
    (root / "out").mkdir(parents=True)
    for pair in pairs:
        pair.source.parent.mkdir(parents=True)
        pair.change(9000, atomic=False)
    return Place(root, pairs)


def declare(place: Place, *, together: bool = False, container: bool = False) -> None:
    """Write portreeve's definitions.

    Args:
        place: what is to be followed.
        together: all targets of a source in one sync, instead of a sync for each.
        container: the source is in a volume of :data:`CONTAINER`, which has ``app/`` as :data:`VOLUME`.
    """
    for folder in ("etc/portreeve/syncs.d", "etc/portreeve/templates", "var/lib", "run/portreeve"):
        (place.root / folder).mkdir(parents=True)
    (place.root / "etc/portreeve/templates/out.conf.j2").write_text("listen {{ port }}\n")
    number = 0
    for pair in place.pairs:
        source = f'file = "{pair.source}"'
        if container:
            inside = pair.source.relative_to(place.root / "app")
            source = f'container = "{CONTAINER}"\nvolume = "{VOLUME}"\npath = "{inside}"'
        for targets in [pair.targets] if together else [(target,) for target in pair.targets]:
            text = _DEFINITION.format(source=source) + "".join(_TARGET.format(path=path) for path in targets)
            (place.root / f"etc/portreeve/syncs.d/s{number:04}.toml").write_text(text)
            number += 1
    if container:
        (place.root / "etc/portreeve/portreeve.toml").write_text(
            f'[docker]\nsocket = "{place.root}/docker.sock"\n'
        )
