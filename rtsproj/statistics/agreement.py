"""Agreement between two opinions on the same objects: raw, Cohen's kappa, Gwet's AC1."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import nan, sqrt

import numpy as np
import numpy.typing as npt

Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two opinions agree.

    Attributes:
        n: objects with two opinions.
        agreed: of these, with the same word.
        raw: 0..1, ``agreed / n``; NaN for n = 0.
        kappa: Cohen's kappa; NaN where all opinions are of one class.
        kappa_se: its large-sample standard error (Fleiss, Cohen and Everitt 1969); NaN likewise.
        ac1: Gwet's AC1, which does not collapse where one class is rare.
    """

    n: int
    agreed: int
    raw: float
    kappa: float
    kappa_se: float
    ac1: float

    @property
    def kappa_interval(self) -> tuple[float, float]:
        """95 % interval of kappa; NaN where kappa is not defined."""
        return (self.kappa - Z95 * self.kappa_se, self.kappa + Z95 * self.kappa_se)


def agreement(pairs: Sequence[tuple[Hashable, Hashable]]) -> Agreement:
    """Agreement of pairs of words, such as (accept, reject).

    Kappa, raw and AC1 are always reported together: kappa alone is misleading where one class is
    rare (the paradox of Feinstein and Cicchetti 1990).
    """
    classes = sorted({str(word) for pair in pairs for word in pair})
    place = {word: number for number, word in enumerate(classes)}
    table = np.zeros((len(classes), len(classes)))
    for one, other in pairs:
        table[place[str(one)], place[str(other)]] += 1
    return table_agreement(table)


def table_agreement(table: npt.NDArray[np.float64]) -> Agreement:
    """Agreement of a square table: rows one opinion, columns the other, counts in the cells."""
    n = int(table.sum())
    if n == 0:
        return Agreement(0, 0, nan, nan, nan, nan)
    p = table / n
    rows, cols = p.sum(axis=1), p.sum(axis=0)
    observed = float(np.trace(p))
    by_chance = float((rows * cols).sum())
    kappa, error = nan, nan
    if by_chance < 1:
        kappa = (observed - by_chance) / (1 - by_chance)
        error = _kappa_se(p, kappa, by_chance, n)
    q = (rows + cols) / 2
    used = max(2, int((q > 0).sum()), len(q))
    chance = float((q * (1 - q)).sum()) / (used - 1)
    ac1 = (observed - chance) / (1 - chance) if chance < 1 else nan
    return Agreement(n, round(float(np.trace(table))), observed, kappa, error, ac1)


def _kappa_se(p: npt.NDArray[np.float64], kappa: float, by_chance: float, n: int) -> float:
    rows, cols = p.sum(axis=1), p.sum(axis=0)
    keep = 1 - kappa
    diagonal = float((np.diag(p) * (1 - (rows + cols) * keep) ** 2).sum())
    crossed = p * (cols[:, None] + rows[None, :]) ** 2
    off = keep**2 * float(crossed.sum() - np.trace(crossed))
    variance = (diagonal + off - (kappa - by_chance * keep) ** 2) / ((1 - by_chance) ** 2 * n)
    return sqrt(max(variance, 0.0))
