"""One setting is changed in project.toml, or nothing is."""

from pathlib import Path

import pytest

from rtsproj.errors import UsageError
from rtsproj.settings import Settings, read_settings, settings_text
from rtsproj.workflow.settings import find_setting, list_settings, set_setting


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    text = settings_text(Settings()).replace("steps = 0", "steps = 0  # ours")
    (tmp_path / "project.toml").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("train.steps", "60", 60),
        ("train.learning_rate", "1", 1.0),
        ("train.flip", "false", False),
        ("train.output_stride", "8", 8),
        ("train.loss", "bce", "bce"),
        ("train.loss", '"bce"', "bce"),
        ("project.name", "2019", "2019"),
        ("triage.evidence", "a, b", ("a", "b")),
        ("triage.evidence", "", ()),
        ("report.table_m", "[100, 2e3]", (100.0, 2000.0)),
        ("report.table_m", "100,250", (100.0, 250.0)),
    ],
)
def test_a_value_is_typed_as_a_person_would(
    folder: Path, key: str, text: str, value: object
) -> None:
    assert set_setting(folder, key, text).now == value
    assert find_setting(folder, key).value == value
    assert "# ours" in (folder / "project.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("key", "text", "named"),
    [
        ("train.patience", "-5", "1..1,000,000"),
        ("train.steps", "many", "type int"),
        ("train.steps", "", "type int"),
        ("train.output_stride", "12", "8, 16"),
        ("triage.evidence", "a,b,c,d", "at most 3"),
        ("steps", "3", "train.steps"),
        ("trian.steps", "3", "train.steps"),
    ],
)
def test_what_is_not_accepted_changes_nothing(
    folder: Path, key: str, text: str, named: str
) -> None:
    before = (folder / "project.toml").read_bytes()
    with pytest.raises(UsageError) as caught:
        set_setting(folder, key, text)
    assert named in caught.value.what + caught.value.hint
    assert (folder / "project.toml").read_bytes() == before


def test_a_value_that_broke_the_file_can_be_set_right(folder: Path) -> None:
    path = folder / "project.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("steps = 0", "steps = -1"))
    with pytest.raises(UsageError):
        list_settings(folder)
    set_setting(folder, "train.steps", "60")
    assert read_settings(path).train.steps == 60


@pytest.mark.parametrize("text", ["train.steps = 3\n", "train = {steps = 3}\n", "[train\n"])
def test_a_file_that_is_written_otherwise_is_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "project.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError):
        set_setting(tmp_path, "train.steps", "4")
    assert path.read_text(encoding="utf-8") == text


def test_a_link_stays_a_link(folder: Path) -> None:
    path = folder / "project.toml"
    real = folder / "shared.toml"
    path.rename(real)
    path.symlink_to(real)
    set_setting(folder, "train.steps", "61")
    assert path.is_symlink()
    assert read_settings(real).train.steps == 61
