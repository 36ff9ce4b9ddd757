"""What the person at this machine has set for it, whatever project is opened.

``$XDG_CONFIG_HOME/rtsproj/machine.toml`` (``~/.config/rtsproj/machine.toml``) is written by hand
and only read by the program. It lies outside every project: what a project brings along must never
widen what this machine does.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from rtsproj.errors import UsageError
from rtsproj.settings.check import checked_table

NAME = "machine.toml"


@dataclass(frozen=True, slots=True)
class MachineImagery:
    """Where images may be read from."""

    object_stores: tuple[str, ...] = ()
    """Starts of URLs, such as ``s3://planet-qtec/2019/``; images are read over the network from
    below these alone. Empty = no image is read over the network (faults 6, 7.1)."""


@dataclass(frozen=True, slots=True)
class MachineSettings:
    """All settings of a machine."""

    imagery: MachineImagery = field(default_factory=MachineImagery)


def config_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Folder of a person's own settings; it may not exist."""
    base = Path(environment.get("XDG_CONFIG_HOME") or "")
    return (base if base.is_absolute() else Path.home() / ".config") / "rtsproj"


def machine_path() -> Path:
    """machine.toml; it may not exist."""
    return config_folder() / NAME


def read_machine(path: Path) -> MachineSettings:
    """Read and check machine.toml; without the file, nothing is opted into.

    Raises:
        UsageError: the file cannot be read, is not TOML, or holds an unknown key or a bad value.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return MachineSettings()
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}", hint="mend its permissions"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not valid TOML: {error}", hint="mend that line") from None
    known = {one.name for one in fields(MachineSettings)}
    for name, values in raw.items():
        if name not in known or not isinstance(values, dict):
            raise UsageError(
                f"{path}: {name} is not a table of it",
                hint=f"the tables are {', '.join(sorted(known))}",
            )
    imagery = checked_table(MachineImagery(), raw.get("imagery", {}), f"{path}: imagery")
    return MachineSettings(imagery)
