"""Whether outlines are extended, as a search records it."""

import pytest

from rtsproj.domain.extension import Extension, Trial


@pytest.mark.parametrize(
    ("before", "after", "worse", "is_right"),
    [
        (0.25, 0.8, 0.0, True),
        (0.25, 0.29, 0.0, False),
        (0.25, 0.8, 0.2, False),
        (0.5, 0.4, 1, False),
    ],
)
def test_a_tolerance_is_right_by_gain_and_by_what_it_spoils(
    before: float,
    after: float,
    worse: float,
    is_right: bool,
) -> None:
    trial = Trial(3.0, before, after, worse, 12)
    assert trial.is_right is is_right
    made = Extension(trial, 4, 1)
    raw = {"trial": {name: getattr(trial, name) for name in Trial.__slots__}}
    assert Extension.of(raw | {"extended": 4, "joined": 1}) == made
    assert ("not extended" in made.text) is not is_right


def test_an_older_job_says_nothing() -> None:
    assert Extension.of({}) == Extension()
