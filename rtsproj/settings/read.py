"""Read project.toml: an unknown key is an error that names the key, never a silent default."""

import tomllib
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_args

from rtsproj.errors import UsageError
from rtsproj.settings.check import checked_table, refusal
from rtsproj.settings.presets import preset_settings
from rtsproj.settings.schema import Preset, Settings

FORMER: Mapping[tuple[str, str], str] = {("lineage", "digitised_px"): "rim_px"}
"""(table, key) of older project files -> the key that has taken its place."""


def read_settings(path: Path) -> Settings:
    """Read and check project.toml.

    Raises:
        UsageError: the file is missing, is not TOML, or holds an unknown key or a bad value.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UsageError(f"{path} is missing", hint="restore it from a backup") from None
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}", hint="fix its permissions"
        ) from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not valid TOML: {error}", hint="save it as UTF-8") from None
    return settings_of_text(text, source=str(path))


def settings_of_text(text: str, *, source: str) -> Settings:
    """Read and check the text of a project.toml.

    Raises:
        UsageError: it is not TOML, or holds an unknown key or a bad value.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{source} is not valid TOML: {error}", hint="fix that line") from None
    return settings_from(raw, source=source)


def settings_from(raw: Mapping[str, Any], *, source: str) -> Settings:
    """Build settings from nested tables; values given win over the preset's.

    Raises:
        UsageError: an unknown table or key, a wrong type, or a value out of range.
    """
    project = raw.get("project", {})
    preset = project.get("preset", "default") if isinstance(project, Mapping) else "default"
    if preset not in get_args(Preset):
        raise refusal(source, "project.preset", preset, f"one of {', '.join(get_args(Preset))}")
    base = preset_settings("xia2022" if preset == "xia2022" else "default")
    known = {item.name for item in fields(Settings)}
    tables: dict[str, Any] = {}
    for name, values in raw.items():
        if name not in known or not isinstance(values, Mapping):
            raise refusal(source, name, values, f"one of the tables {', '.join(sorted(known))}")
        renamed = {FORMER.get((name, key), key): value for key, value in values.items()}
        tables[name] = checked_table(getattr(base, name), renamed, f"{source}: {name}")
    return replace(base, **tables)
