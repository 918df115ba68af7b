"""Names a package's drop-in that takes back what one of a sync's own drop-ins says."""

from portreeve.definitions.steps import units_of
from portreeve.errors import Failed, Reason
from portreeve.reconcile.content import Content
from portreeve.systemd.bus import Systemd
from portreeve.systemd.overruling import overruled_by
from portreeve.systemd.unit_paths import is_drop_in, is_unit_path


def refuse_overruled(content: Content, systemd: Systemd) -> None:
    """Nothing of the content's drop-ins is taken back by a package's.

    Neither writing nor restarting helps against a file that is read later, and it is not ours to edit. A unit
    that is not up has nothing in force, and is brought up first.

    Args:
        content: that was applied.
        systemd: knows in which order it read the drop-ins.

    Raises:
        Failed: ``drop-in-overruled``.
        Unreachable: there is no systemd to ask.
    """
    ours = [place.path for place in content.files if is_unit_path(place.path) and is_drop_in(place.path)]
    if not ours or content.restores:
        return
    for unit in units_of(content.apply):
        state = systemd.unit(unit)
        for path in ours if state.active else ():
            for other, keys in overruled_by(path, state.drop_ins).items():
                raise Failed(
                    Reason.DROP_IN_OVERRULED,
                    f"{other} of a package takes back what {path} says",
                    evidence=f"systemd reads it later, and it sets {', '.join(keys)}",
                    hint=f"`ln -s /dev/null /etc/systemd/system/{other.parent.name}/{other.name}` and "
                    "`systemctl daemon-reload` leave it out; or give the target a name that sorts later",
                    step="verify",
                )
