"""project.toml as frozen dataclasses: every number has a range, which stands beside its field.

``schema`` holds the fields, ``presets`` the sets of values to start from; ``check`` and ``read``
turn TOML into them, ``write`` turns them into TOML. The names below are the package's interface.
"""

from rtsproj.settings.presets import preset_settings
from rtsproj.settings.read import read_settings, settings_from
from rtsproj.settings.schema import (
    EngineName,
    GridSettings,
    InferSettings,
    LineageSettings,
    Loss,
    Optimizer,
    Precision,
    Preset,
    QueueOrder,
    ScalingRule,
    Schedule,
    Settings,
    TrainSettings,
    TriageSettings,
)
from rtsproj.settings.write import settings_text

__all__ = [
    "EngineName",
    "GridSettings",
    "InferSettings",
    "LineageSettings",
    "Loss",
    "Optimizer",
    "Precision",
    "Preset",
    "QueueOrder",
    "ScalingRule",
    "Schedule",
    "Settings",
    "TrainSettings",
    "TriageSettings",
    "preset_settings",
    "read_settings",
    "settings_from",
    "settings_text",
]
