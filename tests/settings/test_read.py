"""project.toml: what is written is read again, and nothing wrong is taken in silence."""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtsproj.errors import UsageError
from rtsproj.settings import (
    Settings,
    preset_settings,
    read_settings,
    settings_from,
    settings_text,
)


@pytest.mark.parametrize("preset", ["default", "xia2022"])
def test_a_preset_survives_the_file(tmp_path: Path, preset: Any) -> None:
    path = tmp_path / "project.toml"
    path.write_text(settings_text(preset_settings(preset)), encoding="utf-8")
    assert read_settings(path) == preset_settings(preset)


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=60))
def test_any_name_survives_the_file(name: str) -> None:
    base = Settings()
    named = replace(base, project=replace(base.project, name=name))
    assert settings_from(tomllib.loads(settings_text(named)), source="x") == named


def test_the_published_preset_is_the_published_loop() -> None:
    settings = preset_settings("xia2022")
    assert (settings.lineage.joins, settings.lineage.better) == (False, False)
    assert settings.train.encoder == "tu-xception65"
    assert settings.train.steps == 30_000
    assert settings.train.chip_px == 480
    assert settings.imagery.scaling == "reflectance"


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        ({"trian": {}}, "trian"),
        ({"train": {"step": 3}}, "step"),
        ({"train": {"steps": "many"}}, "many"),
        ({"train": {"steps": True}}, "True"),
        ({"train": {"steps": -1}}, "1..10,000,000 steps, 0 = from the data"),
        ({"infer": {"threshold": 7}}, "0.01..0.99"),
        ({"train": {"loss": "dice"}}, "focal"),
        ({"triage": {"reasons": "river"}}, "river"),
        ({"triage": {"reasons": [1]}}, "1"),
        ({"project": {"preset": "huang"}}, "xia2022"),
        ({"train": 3}, "train"),
        ({"train": {"patience": -5}}, "1..1,000,000 validations"),
        ({"train": {"output_stride": 12}}, "8, 16"),
        ({"train": {"output_stride": 8.0}}, "8, 16"),
        ({"train": {"brightness": -3}}, "0..1"),
        ({"train": {"brightness": float("nan")}}, "0..1"),
        ({"train": {"collar_px": -1}}, "0..64 px"),
        ({"train": {"negatives_per_positive": -0.1}}, "0..1,000,000"),
        ({"grid": {"pixel_m": -3}}, "0..10,000 m"),
        ({"infer": {"blend_px": 100}}, "a multiple of 64"),
        ({"triage": {"small_px": -1}}, "0..1,000,000 px"),
        ({"triage": {"claim_days": float("inf")}}, "0..3,650 days"),
        ({"triage": {"evidence": ["a", "b", "c", "d", "e"]}}, "a list of at most 3"),
        ({"report": {"table_m": [100, -1]}}, "0..1,000,000 m"),
    ],
)
def test_what_is_wrong_is_named_with_what_is_right(raw: dict[str, Any], named: str) -> None:
    with pytest.raises(UsageError) as caught:
        settings_from(raw, source="project.toml")
    assert named in caught.value.what + caught.value.hint
    assert "project.toml" in caught.value.what


@pytest.mark.parametrize("content", [b"[train\n", b"\xff\xfe"])
def test_a_file_that_is_no_toml_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "project.toml"
    with pytest.raises(UsageError, match="missing"):
        read_settings(path)
    path.write_bytes(content)
    with pytest.raises(UsageError, match="not valid TOML"):
        read_settings(path)


def test_a_key_of_an_older_file_is_read_as_the_one_that_took_its_place() -> None:
    settings = settings_from({"lineage": {"digitised_px": 5.0}}, source="project.toml")
    assert settings.lineage.rim_px == 5.0
