"""Disjoint sets: what belongs together, found pair by pair."""

from collections.abc import Iterable


class Groups:
    """Numbers 0..size-1 in groups; every one begins alone."""

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))

    def join(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Put the two of each pair into one group."""
        for one, other in pairs:
            low, high = sorted((self._root(one), self._root(other)))
            self._parent[high] = low

    def found(self) -> list[tuple[int, ...]]:
        """Groups, each ascending, ordered by their first number."""
        groups: dict[int, list[int]] = {}
        for one in range(len(self._parent)):
            groups.setdefault(self._root(one), []).append(one)
        return [tuple(groups[key]) for key in sorted(groups)]

    def _root(self, one: int) -> int:
        while self._parent[one] != one:
            self._parent[one] = self._parent[self._parent[one]]
            one = self._parent[one]
        return one
