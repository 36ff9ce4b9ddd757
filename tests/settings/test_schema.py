"""Every number among the settings has a range, and its default lies within it."""

from dataclasses import fields
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import pytest

from rtsproj.errors import UsageError
from rtsproj.settings import Settings, settings_from
from rtsproj.settings.check import bounds
from rtsproj.settings.machine import MachineImagery
from rtsproj.settings.ranges import Range

HINTS = {
    f"{table.name}.{key}": hint
    for table in fields(Settings)
    for key, hint in get_type_hints(type(getattr(Settings(), table.name)), None, None, True).items()
} | {f"machine.{key}": hint for key, hint in get_type_hints(MachineImagery).items()}


def scalar(hint: Any) -> Any:
    plain = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    return get_args(plain)[0] if get_origin(plain) is tuple else plain


NUMERIC = sorted(key for key, hint in HINTS.items() if scalar(hint) in {int, float})


def test_there_are_numbers_to_look_at() -> None:
    assert len(NUMERIC) > 40
    assert "report.table_m" in NUMERIC


@pytest.mark.parametrize("key", NUMERIC)
def test_every_number_has_a_finite_range(key: str) -> None:
    bound = bounds(HINTS[key])
    assert isinstance(bound, Range), f"{key} has no range"
    assert float("-inf") < bound.least < bound.most < float("inf")
    assert not bound.accepts(float("nan"))


@pytest.mark.parametrize("key", NUMERIC)
def test_both_ends_are_taken_and_what_lies_beyond_is_refused(key: str) -> None:
    bound = bounds(HINTS[key])
    assert isinstance(bound, Range)
    table, _, name = key.partition(".")
    many = get_origin(get_args(HINTS[key])[0]) is tuple

    def settings_with(value: float) -> Settings:
        return settings_from({table: {name: [value] if many else value}}, source="project.toml")

    for end in (bound.least, bound.most):
        settings_with(end if scalar(HINTS[key]) is float else int(end))
    if bound.derived:
        settings_with(0.0 if scalar(HINTS[key]) is float else 0)
    below = -1 if bound.derived else bound.least - 1
    for beyond in (below, 2 * bound.most + 1):
        given = beyond if scalar(HINTS[key]) is float else int(beyond)
        with pytest.raises(UsageError) as caught:
            settings_with(given)
        assert bound.text in caught.value.hint
        assert name in caught.value.what


def test_the_output_stride_is_one_that_networks_have() -> None:
    assert HINTS["train.output_stride"] == Literal[8, 16]
