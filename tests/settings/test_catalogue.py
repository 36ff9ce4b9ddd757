"""Every key has a meaning, what it accepts and a source."""

from dataclasses import replace

import pytest

from rtsproj.settings import Settings, preset_settings
from rtsproj.settings.catalogue import catalogue, choices, hints


def test_every_key_has_a_meaning_and_what_it_accepts() -> None:
    found = catalogue(Settings())
    assert [one.key for one in found] == list(hints())
    for one in found:
        assert one.about[0].isalnum(), one.key
        assert one.accepted, one.key
        assert one.source == "default"


def test_the_source_tells_what_the_value_comes_from() -> None:
    base = preset_settings("xia2022")
    edited = replace(base, train=replace(base.train, steps=60))
    found = {one.key: one for one in catalogue(edited)}
    assert found["train.steps"].source == "project.toml"
    assert (found["train.steps"].preset, found["train.steps"].default) == (30_000, 0)
    assert found["train.encoder"].source == "preset"
    assert found["train.batch"].source == "default"
    assert found["grid.core_px"].unit == "px"


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("train.flip", (True, False)),
        ("train.output_stride", (8, 16)),
        ("train.refit", ("none", "all")),
        ("train.steps", ()),
    ],
)
def test_choices_are_listed_where_there_are_few(key: str, values: tuple[object, ...]) -> None:
    assert choices(key) == values
