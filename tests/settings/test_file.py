"""project.toml is read again when it has changed; a broken one is told and starts nothing."""

from pathlib import Path

import pytest

from rtsproj.errors import UsageError
from rtsproj.settings import Settings, settings_text
from rtsproj.settings.file import SettingChange, SettingsFile, changes


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "project.toml"
    path.write_text(settings_text(Settings()), encoding="utf-8")
    return path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_an_edit_is_read_and_named(path: Path) -> None:
    file = SettingsFile(path)
    assert file.read().settings.train.steps == 0
    edit(path, "steps = 0", "steps = 60")
    assert file.require().train.steps == 60
    assert changes(file.first, file.read().settings) == (SettingChange("train.steps", 0, 60),)


def test_an_unchanged_file_is_read_once(path: Path) -> None:
    file = SettingsFile(path)
    assert file.read() is file.read()


@pytest.mark.parametrize("broken", ["steps = -1", "steps = ", "stpes = 3"])
def test_a_broken_file_keeps_the_settings_to_show_and_gives_none_to_work_with(
    path: Path, broken: str
) -> None:
    file = SettingsFile(path)
    edit(path, "steps = 0", broken)
    assert file.read().settings.train.steps == 0
    with pytest.raises(UsageError, match=r"project\.toml"):
        file.require()
    edit(path, broken, "steps = 60")
    assert file.require().train.steps == 60
    assert file.read().fault is None


def test_a_missing_file_is_told_and_its_return_is_seen(path: Path) -> None:
    file = SettingsFile(path)
    text = path.read_text(encoding="utf-8")
    path.unlink()
    with pytest.raises(UsageError, match="missing"):
        file.require()
    path.write_text(text, encoding="utf-8")
    assert file.require() == Settings()
