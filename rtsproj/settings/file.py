"""project.toml while a program runs: read again whenever the file has changed."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rtsproj.errors import UsageError
from rtsproj.settings.read import read_settings
from rtsproj.settings.schema import Settings

Stamp = tuple[int, int, int] | None
"""Inode, time and size of the file; None while it is missing."""


@dataclass(frozen=True, slots=True)
class SettingsReading:
    """What the file held when it was last read.

    Attributes:
        stamp: of the file then.
        settings: of the newest reading that was accepted.
        fault: why the file is not accepted as it is now; None where it is.
    """

    stamp: Stamp
    settings: Settings
    fault: UsageError | None = None


@dataclass(frozen=True, slots=True)
class SettingChange:
    """One key whose value differs."""

    key: str
    before: Any
    now: Any


class SettingsFile:
    """The settings of an open project.

    Attributes:
        path: project.toml.
        first: the settings at the start of this program.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        stamp = _stamp(path)
        self.first = read_settings(path)
        self._newest = SettingsReading(stamp, self.first)

    def read(self) -> SettingsReading:
        """The newest reading; the file is opened only where its stamp has changed."""
        stamp = _stamp(self.path)
        newest = self._newest
        if stamp != newest.stamp:
            try:
                newest = SettingsReading(stamp, read_settings(self.path))
            except UsageError as error:
                newest = SettingsReading(stamp, newest.settings, error)
            self._newest = newest
        return newest

    def require(self) -> Settings:
        """The settings as the file holds them now.

        Raises:
            UsageError: the file is not accepted; the settings before are not used instead.
        """
        newest = self.read()
        if newest.fault is not None:
            raise newest.fault
        return newest.settings


def changes(before: Settings, now: Settings) -> tuple[SettingChange, ...]:
    """Keys whose values differ, in the order of the file."""
    old, new = asdict(before), asdict(now)
    return tuple(
        SettingChange(f"{table}.{key}", old[table][key], value)
        for table, values in new.items()
        for key, value in values.items()
        if value != old[table][key]
    )


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
