"""Tells what happened, once: to the journal, to a command, to a webhook."""

import json
import logging
import threading
from collections.abc import Iterable
from dataclasses import asdict, replace

from portreeve.definitions.settings import AlertSettings
from portreeve.supervise.alert import Alert, AlertKind
from portreeve.supervise.alert_book import Told, due, note
from portreeve.supervise.alert_channels import CommandChannel, WebhookChannel
from portreeve.supervise.alert_delivery import Delivery
from portreeve.systemd.messages import MessageId

log = logging.getLogger(__name__)

_MESSAGES = {
    AlertKind.LOST: MessageId.SUBJECT_LOST,
    AlertKind.RESTORED: MessageId.SUBJECT_RESTORED,
    AlertKind.GAVE_UP: MessageId.SUBJECT_GAVE_UP,
    AlertKind.DEGRADED: MessageId.HOST_DEGRADED,
    AlertKind.RECOVERED: MessageId.HOST_RECOVERED,
}


class Alerts:
    """Who is told, and what they were told; any thread may tell.

    The journal gets an alert at once; each of the others has a thread of its own, which begins with the first
    alert. What was told survives the agent by :meth:`dump` and :meth:`load`.

    Args:
        settings: command and webhook.
    """

    def __init__(self, settings: AlertSettings) -> None:
        self._lock = threading.Lock()
        self._told: dict[str, Told] = {}
        self._deliveries: list[Delivery] = []
        if settings.command:
            channel = CommandChannel(settings.command, settings.timeout)
            self._deliveries.append(Delivery(channel, settings.retries))
        if settings.webhook:
            self._deliveries.append(
                Delivery(WebhookChannel(settings.webhook, settings.timeout), settings.retries)
            )

    def tell(self, *alerts: Alert) -> bool:
        """Tell what was not told yet, see :func:`portreeve.supervise.alert_book.note`. It does not block.

        Returns:
            Whether what :meth:`dump` gives has changed.
        """
        changed = [self._note(alert) for alert in alerts]
        return any(changed)

    def tell_due(self, now: float) -> bool:
        """Tell what was held back because its subject changed all the time, where that is allowed again.

        Args:
            now: wall-clock seconds.

        Returns:
            Whether what :meth:`dump` gives has changed.
        """
        with self._lock:
            sent = []
            for subject, told in self._told.items():
                self._told[subject], alert = due(told, now)
                sent += [alert] if alert else []
        for alert in sent:
            self._send(alert)
        return bool(sent)

    def forget(self, subject: str) -> bool:
        """Nothing was told about a subject: it is not declared any more.

        Returns:
            Whether what :meth:`dump` gives has changed.
        """
        with self._lock:
            return self._told.pop(subject, None) is not None

    def reset(self, subject: str) -> bool:
        """It is tried again after it was given up: that is told anew if it comes to it, and so is its return.

        Returns:
            Whether what :meth:`dump` gives has changed.
        """
        with self._lock:
            told = self._told.get(subject, Told())
            if told.kind is not AlertKind.GAVE_UP:
                return False
            self._told[subject] = replace(told, kind=AlertKind.LOST)
            return True

    def subjects(self) -> tuple[str, ...]:
        """Those of which something is remembered, sorted."""
        with self._lock:
            return tuple(sorted(self._told))

    def dump(self) -> str:
        """What was told, as JSON."""
        with self._lock:
            return json.dumps({subject: asdict(told) for subject, told in sorted(self._told.items())})

    def load(self, text: str) -> None:
        """Remember what an earlier :meth:`dump` gave; an empty text is nothing.

        Raises:
            ValueError: it is none, or one of a later version.
        """
        try:
            told = {subject: _told(fields) for subject, fields in json.loads(text or "{}").items()}
        except (AttributeError, KeyError, TypeError, RecursionError, OverflowError) as error:
            raise ValueError(f"this is not what was told: {error}") from error
        with self._lock:
            self._told = told

    def close(self, timeout: float) -> None:
        """Send what is pending, and end the threads.

        Args:
            timeout: seconds for all of it; what is not sent by then is counted in the journal.
        """
        for delivery in self._deliveries:
            delivery.end(timeout)
        for delivery in self._deliveries:
            delivery.join()

    def _note(self, alert: Alert) -> bool:
        with self._lock:
            before = self._told.get(alert.subject, Told())
            after, sent = note(before, alert)
            if after == before:
                return False
            self._told[alert.subject] = after
        if sent:
            self._send(sent)
        return True

    def _send(self, alert: Alert) -> None:
        flapped = f" after {alert.flapped} changes that were not told" if alert.flapped else ""
        log.log(
            logging.INFO if alert.kind.good else logging.WARNING,
            "%s: %s%s",
            alert.what,
            alert.evidence or alert.kind.value,
            flapped,
            extra={
                "message_id": _MESSAGES[alert.kind],
                "portreeve_alert": alert.kind.value,
                "portreeve_subject": alert.subject,
            },
        )
        for delivery in self._deliveries:
            delivery.put(alert.to_json())


def _told(fields: dict[str, object]) -> Told:
    """A :class:`Told` from its JSON; ``asdict`` made a list of each tuple and a table of the alert."""
    kind, held = fields["kind"], fields["held"]
    return Told(
        kind=None if kind is None else AlertKind(str(kind)),
        sent=tuple(map(float, _iterable(fields["sent"]))),
        held=_alert(held) if isinstance(held, dict) else None,
        flapped=int(str(fields["flapped"])),
    )


def _alert(fields: dict[str, object]) -> Alert:
    texts = {name: str(fields[name]) for name in ("subject", "what", "evidence", "hint")}
    kind = AlertKind(str(fields["kind"]))
    return Alert(kind, **texts, at=float(str(fields["at"])), flapped=int(str(fields["flapped"])))


def _iterable(value: object) -> Iterable[float]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is no list")
    return value
