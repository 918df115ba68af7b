"""Calls of systemd's manager, each in a conversation with a deadline; its errors are told as ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from portreeve.errors import Failed, PortreeveError, Reason, Refused, Unreachable, Waiting
from portreeve.systemd.connection import BusError, Connection

MANAGER = "/org/freedesktop/systemd1"
MANAGER_INTERFACE = "org.freedesktop.systemd1.Manager"


@contextmanager
def conversation(address: str, timeout: float) -> Iterator[Connection]:
    """A connection to systemd.

    Args:
        address: ``SYSTEM`` for the system bus, or a D-Bus address.
        timeout: seconds for the whole of it.

    Raises:
        Unreachable: there is no systemd to ask, or it did not answer in time.
    """
    try:
        with Connection(address, "org.freedesktop.systemd1", timeout) as connection:
            yield connection
    except BusError as error:
        raise _unreachable(str(error)) from error
    except TimeoutError as error:
        raise _unreachable(f"no answer in {timeout:g} s") from error
    except OSError as error:
        raise _unreachable(error.strerror or str(error)) from error


def call(
    connection: Connection, unit: str, method: str, signature: str | None, body: tuple[Any, ...]
) -> tuple[Any, ...]:
    """Call a method of the manager.

    Args:
        connection: from :func:`conversation`.
        unit: what it is about, for the error.
        method: of ``org.freedesktop.systemd1.Manager``.
        signature: of the arguments, as D-Bus writes it; ``None`` without any.
        body: the arguments.

    Raises:
        Unreachable, Waiting, Refused, Failed: what systemd answered, as one of ours.
    """
    try:
        return connection.call(MANAGER, MANAGER_INTERFACE, method, signature, body)
    except BusError as error:
        raise translate(error, unit) from error


def properties(connection: Connection, unit: str) -> dict[str, Any]:
    """All properties of a unit, by name; systemd loads it for that, and one that does not exist has them too.

    Raises:
        Unreachable, Failed: as for :func:`call`; a unit's name may be none at all.
    """
    (path,) = call(connection, unit, "LoadUnit", "s", (unit,))
    # An empty interface name asks for the properties of all interfaces at once, as systemctl does.
    (values,) = connection.call(path, "org.freedesktop.DBus.Properties", "GetAll", "s", ("",))
    return {key: value for key, (_, value) in values.items()}


def translate(error: BusError, unit: str) -> PortreeveError:
    """What an error of systemd's means to whoever asked."""
    match error.name.rpartition(".")[2]:
        case "NoSuchUnit":
            return Waiting(
                Reason.UNIT_ABSENT,
                f"there is no unit {unit}",
                evidence=error.message,
                hint="install the package that brings it; it is tried again by itself",
            )
        case "UnitMasked":
            return Failed(
                Reason.UNIT_MASKED,
                f"{unit} is masked",
                evidence=error.message,
                hint=f"`systemctl unmask {unit}` if it is to be used again",
            )
        case "AccessDenied" | "InteractiveAuthorizationRequired":
            return Refused(
                Reason.PERMISSION, f"systemd does not let this user move {unit}", evidence=error.message
            )
        case "NameHasNoOwner" | "ServiceUnknown" | "NoReply" | "Disconnected":
            return _unreachable(str(error))
        case _:
            return Failed(
                Reason.UNIT_JOB_FAILED,
                f"systemd does not take the job for {unit}",
                evidence=str(error),
                hint=f"`systemctl status {unit}` tells more",
            )


def _unreachable(evidence: str) -> Unreachable:
    return Unreachable(
        Reason.SYSTEMD_UNREACHABLE,
        "systemd cannot be reached over the system bus",
        evidence=evidence,
        hint="units can be moved only where systemd is PID 1 and dbus.socket is active",
    )
