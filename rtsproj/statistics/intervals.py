"""Intervals of proportions."""

from math import sqrt

Z95 = 1.959963984540054
"""Two-sided 95 % quantile of the normal distribution."""


def wilson(hits: int, of: int, *, z: float = Z95) -> tuple[float, float]:
    """Wilson interval of a proportion.

    Args:
        hits: 0..of.
        of: trials; 0 gives the whole range.
        z: quantile; default two-sided 95 %.

    Returns:
        (low, high), 0..1.

    References:
        Wilson 1927, Journal of the American Statistical Association 22, 209-212.
    """
    if of == 0:
        return 0.0, 1.0
    share = hits / of
    scale = 1 + z * z / of
    centre = (share + z * z / (2 * of)) / scale
    half = z * sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / scale
    low = 0.0 if hits == 0 else max(0.0, centre - half)
    return low, 1.0 if hits == of else min(1.0, centre + half)
