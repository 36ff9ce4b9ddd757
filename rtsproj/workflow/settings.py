"""Show settings with their ranges and sources; change one in project.toml."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rtsproj.domain.text import suggestion
from rtsproj.errors import UsageError
from rtsproj.jobs.files import write_atomic
from rtsproj.settings.catalogue import Setting, catalogue, hints
from rtsproj.settings.check import value_of_text
from rtsproj.settings.file import SettingChange
from rtsproj.settings.read import read_settings, settings_of_text
from rtsproj.settings.write import with_value
from rtsproj.workflow.project import SETTINGS


def list_settings(folder: Path) -> tuple[Setting, ...]:
    """All settings of a project, in the order of the file.

    Raises:
        UsageError: project.toml is not accepted.
    """
    return catalogue(read_settings(folder / SETTINGS))


def find_setting(folder: Path, key: str) -> Setting:
    """One setting by its key, ``table.name``.

    Raises:
        UsageError: there is no such key, or project.toml is not accepted.
    """
    _require_key(key)
    return next(one for one in list_settings(folder) if one.key == key)


def set_setting(folder: Path, key: str, text: str) -> SettingChange:
    """SettingChange one value in project.toml: checked first, then replaced whole; comments stay.

    Args:
        folder: the project.
        key: ``table.name``.
        text: the value in TOML; quotes of a word and brackets of a list may be left out.

    Raises:
        UsageError: no such key, the value or the file is not accepted, or the file is written in a
            way that cannot be edited line by line; nothing was changed.
    """
    _require_key(key)
    path = (folder / SETTINGS).resolve()
    old = _text(path)
    before = _raw(old, path)
    table, _, name = key.partition(".")
    value = value_of_text(hints()[key], text)
    meant = {**before, table: {**before.get(table, {}), name: value}}
    new = with_value(old, key, value)
    checked = settings_of_text(_same(new, meant, key), source=SETTINGS)
    write_atomic(path, new.encode())
    was = before.get(table, {}).get(name)
    now = next(one for one in catalogue(checked) if one.key == key)
    return SettingChange(key, now.preset if was is None else was, now.value)


def _same(new: str, meant: Mapping[str, object], key: str) -> str:
    """The edited text, if it holds what was meant and nothing else has changed."""
    try:
        is_same = tomllib.loads(new) == meant
    except tomllib.TOMLDecodeError:
        is_same = False
    if not is_same:
        raise UsageError(
            f"{SETTINGS}: {key} cannot be changed line by line; nothing was written",
            hint="write one `key = value` a line below its [table], or edit the file by hand",
        )
    return new


def _text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            return stream.read()
    except FileNotFoundError:
        raise UsageError(f"{path} is missing", hint="restore it from a backup") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}", hint="save it as UTF-8") from None


def _raw(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} is not valid TOML: {error}", hint="fix that line") from None


def _require_key(key: str) -> None:
    known = hints()
    if key in known:
        return
    same_name = [one for one in known if one.partition(".")[2] == key]
    hint = f"did you mean {' or '.join(same_name)}?" if same_name else suggestion(key, known)
    raise UsageError(f"{key}: no such setting", hint=hint or "rtsproj settings list")
