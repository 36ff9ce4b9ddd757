"""Command line and terminal UI offer the same verbs, in the words of the contract."""

from rtsproj.cli.main import VERBS as OFFERED
from rtsproj.domain.verbs import VERBS


def test_the_two_doors_offer_the_same_verbs() -> None:
    assert {*OFFERED, "completion"} == set(VERBS)
