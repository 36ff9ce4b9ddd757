"""Which pixels of an image hold data: one rule for registering and for reading it."""

from typing import Any

import numpy as np
import numpy.typing as npt

Raw = npt.NDArray[Any]
"""Pixels in their own data type."""
Mask = npt.NDArray[np.bool_]


def known_pixels(values: Raw, nodata: float | None) -> Mask:
    """Pixels that are finite in every band and not nodata in all of them.

    Args:
        values: (bands, rows, cols), raw.
        nodata: the file's value for missing pixels; None = it names none.

    Returns:
        (rows, cols).
    """
    is_float = values.dtype.kind == "f"
    valid = np.ones(values.shape[1:], bool)
    if is_float:
        valid &= np.isfinite(values).all(axis=0)
    if nodata is None or not np.isfinite(nodata):
        return valid
    if not is_float and not _fits(nodata, values.dtype):
        return valid
    gone = np.ones(values.shape[1:], bool)
    for band in values:
        gone &= band == values.dtype.type(nodata)
        if not gone.any():
            return valid
    return valid & ~gone


def _fits(value: float, dtype: np.dtype[Any]) -> bool:
    limits = np.iinfo(dtype)
    return float(value).is_integer() and limits.min <= value <= limits.max
