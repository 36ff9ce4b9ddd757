"""Sizes follow from the data, whatever the sensor and the size of the image."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtsproj.domain.derived import (
    CHIP,
    CUT,
    CUTS,
    FEW,
    STEP,
    Sizes,
    candidate_cut,
    derived,
    trim_share,
)

lengths = st.lists(st.floats(1, 4000), min_size=1, max_size=60)
images = st.tuples(st.integers(1, 40_000), st.integers(1, 40_000))
pixels = st.sampled_from([0.5, 3.0, 10.0, 90.0])


@given(lengths, images, pixels)
def test_every_value_suits_the_image(known: list[float], image: tuple[int, int], pixel_m: float):
    areas = [one**2 / 2 for one in known]
    found = derived(Sizes(known, areas, len(known), *image, pixel_m, max(areas)), per_step=4.0)
    chip = found.values["train.chip_px"]
    assert chip % STEP == 0
    assert STEP <= chip <= CHIP[1]
    assert chip <= max(STEP, min(image) / 2)
    assert found.values["infer.min_px"] >= 1
    assert found.values["train.background_m"] <= 3 * pixel_m
    assert found.values["train.buffer_m"] == chip / 2 * pixel_m
    assert str(chip) in found.text


@given(lengths, pixels, st.integers(2, 9))
def test_more_and_longer_slumps_never_make_chips_or_trainings_shorter(
    known: list[float], pixel_m: float, factor: int
) -> None:
    areas = [one**2 / 2 for one in known]
    one = derived(
        Sizes(known, areas, len(known), 9000, 9000, pixel_m, max(areas)), per_step=4.0
    ).values
    more = [length * factor for length in known] * 2
    larger = [m**2 / 2 for m in more]
    other = derived(Sizes(more, larger, len(more), 9000, 9000, pixel_m, max(larger)), per_step=4.0)
    keys = ("train.chip_px", "train.steps", "train.background_m", "infer.min_px", "infer.whole_px")
    for key in keys:
        assert one[key] <= other.values[key], key


def test_the_same_slumps_in_pixels_give_the_same_pixels() -> None:
    near, far = (
        derived(Sizes([20, 40, 60], [300, 900, 2000], 3, 700, 900, m, 2500), per_step=4.0).values
        for m in (3.0, 90.0)
    )
    assert near["train.chip_px"] == far["train.chip_px"] == 96
    assert near["infer.whole_px"] == far["infer.whole_px"] == 5000
    assert far["train.background_m"] == 30 * near["train.background_m"] == 270.0


CUT_CASES = [
    ("nobody was held out", [], CUT),
    ("too few", [0.1, 0.2, 0.9, 0.9], CUT),
    ("all are found at a high cut", [0.9] * 6, CUTS[1]),
    ("one is nearly invisible", [0.05, *[0.9] * 9], CUTS[0]),
    ("the least of a few decides", [0.42, 0.6, 0.7, 0.8, 0.9], 0.42),
    ("two in a hundred may be lost", [0.1, 0.2, 0.45, *[0.9] * 97], 0.45),
]


@pytest.mark.parametrize(("name", "found_at", "cut"), CUT_CASES)
def test_worked_cuts(name: str, found_at: list[float], cut: float) -> None:
    chosen, text = candidate_cut(found_at)
    assert chosen == cut, name
    assert f"candidate cut {cut:g}" in text


@given(st.lists(st.floats(0, 1), min_size=5, max_size=80))
def test_the_cut_never_rises_when_a_slump_gets_harder_to_see(found_at: list[float]) -> None:
    for harder, before in pairwise([[0.0] * len(found_at), found_at]):
        assert candidate_cut(harder)[0] <= candidate_cut(before)[0]


@given(st.floats(0.01, 1), st.integers(1, 500), st.integers(0, 500))
def test_doubt_about_unlabelled_ground_shrinks_as_more_slumps_are_known(
    most: float, known: int, more: int
) -> None:
    share, said = trim_share(most, known=known)
    less, _ = trim_share(most, known=known + more)
    assert 0 <= less <= share <= most
    assert said == "" if known <= FEW else f"{known} known slumps" in said


def test_doubt_stays_as_it_is_set_while_few_are_known() -> None:
    assert trim_share(0.25, known=6) == (0.25, "")
    assert trim_share(0.0, known=60) == (0.0, "")
    assert trim_share(0.25, known=50)[0] == 0.05
