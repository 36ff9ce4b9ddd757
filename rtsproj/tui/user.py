"""What a person has set for all projects: keys, theme, the picture mode of each terminal.

Two files in ``$XDG_CONFIG_HOME/rtsproj`` (``~/.config/rtsproj``): ``keys.toml`` is written by hand,
``screen.json`` by the program.
"""

import json
import os
import tomllib
from pathlib import Path
from typing import Any

from rtsproj.errors import UsageError
from rtsproj.settings.machine import config_folder


def keys_path() -> Path:
    """keys.toml: a table [keys] of id = "key" lines."""
    return config_folder() / "keys.toml"


def read_keymap(path: Path, *, known: frozenset[str]) -> dict[str, str]:
    """A person's own keys by binding id; empty where there is no file.

    Raises:
        UsageError: the file is not TOML, or names an id that does not exist.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8")).get("keys", {})
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not valid TOML: {error}", hint="mend that line") from None
    bad = [key for key, value in raw.items() if key not in known or not isinstance(value, str)]
    if bad:
        raise UsageError(
            f"{path}: {', '.join(bad)} is not a key id", hint="ids are listed by ? in each screen"
        )
    return dict(raw)


def read_choices() -> dict[str, Any]:
    """What was chosen on screens before: theme, pictures by terminal; empty when damaged."""
    try:
        raw = json.loads((config_folder() / "screen.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return raw if isinstance(raw, dict) else {}


def remember(name: str, value: Any) -> bool:
    """Keep one choice for later starts; False where the folder cannot be written."""
    folder = config_folder()
    part = folder / f".screen.{os.getpid()}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps({**read_choices(), name: value}, indent=1), encoding="utf-8")
        part.replace(folder / "screen.json")
    except OSError:
        return False
    return True
