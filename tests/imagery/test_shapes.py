"""Pixels and polygons are two ways to say the same."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rtsproj.imagery.shapes import numbered_pixels, polygonise

SHAPES = st.tuples(st.integers(1, 14), st.integers(1, 14))
FULL = arrays(bool, SHAPES, elements=st.booleans())
SPARSE = arrays(bool, SHAPES, elements=st.booleans(), fill=st.just(False))
"""Whole rows and columns are empty."""


@settings(max_examples=200, deadline=None)
@given(FULL | SPARSE)
def test_every_pixel_of_a_mask_lies_in_the_outline_that_holds_it(mask: np.ndarray) -> None:
    outlines = polygonise(mask)
    if not outlines:
        return
    numbers = numbered_pixels(outlines, mask.shape)
    assert np.array_equal(numbers > 0, mask)
    for number, outline in enumerate(outlines, start=1):
        assert (numbers == number).sum() == round(outline.area)
    # 4-connected neighbours are in one outline
    both = mask[:, 1:] & mask[:, :-1]
    assert (numbers[:, 1:][both] == numbers[:, :-1][both]).all()
