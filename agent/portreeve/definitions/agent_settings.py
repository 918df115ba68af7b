"""``portreeve.toml``: the agent's own settings."""

from dataclasses import replace
from typing import Any

from portreeve.definitions.inputs import Inputs
from portreeve.definitions.quantities import format_duration
from portreeve.definitions.report import Report
from portreeve.definitions.schema import Table, parse
from portreeve.definitions.settings import (
    AlertSettings,
    ContainersSettings,
    DockerSettings,
    PressureSettings,
    ReconcileSettings,
    Settings,
)
from portreeve.definitions.settings_tables import SettingsTable


def build_settings(inputs: Inputs, report: Report) -> Settings:
    """The settings, with the default in the place of every key that is missing or wrong."""
    table, faults = parse(SettingsTable, inputs.data)
    report.add_faults(faults)
    reconcile = replace(ReconcileSettings(), **_given(table.reconcile))
    if reconcile.backoff_min > reconcile.backoff_max:
        report.add(
            ("reconcile", "backoff_min"),
            f"`backoff_min` ({format_duration(reconcile.backoff_min)}) is longer than"
            f" `backoff_max` ({format_duration(reconcile.backoff_max)})",
        )
        defaults = ReconcileSettings()
        reconcile = replace(reconcile, backoff_min=defaults.backoff_min, backoff_max=defaults.backoff_max)
    return Settings(
        docker=replace(DockerSettings(), **_given(table.docker)),
        reconcile=reconcile,
        log_level=table.log.level or Settings().log_level,
        containers=replace(ContainersSettings(), **_given(table.containers, off="auto")),
        alerts=replace(AlertSettings(), **_given(table.alerts)),
        pressure=replace(PressureSettings(), **_given(table.pressure, off=False)),
    )


def _given(table: Table, off: object = None) -> dict[str, Any]:
    """What a table says; ``off`` is what stands for ``None`` in it."""
    return {name: None if value == off else value for name, value in table if value is not None}
