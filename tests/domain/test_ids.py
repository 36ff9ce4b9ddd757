"""Ids as shown are read back, in any case, with or without their prefix."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtsproj.domain.ids import (
    Named,
    ShownId,
    candidate_name,
    parse_id,
    read_candidate_id,
    read_slump_id,
    slump_name,
)
from rtsproj.errors import UsageError

NUMBERS = st.integers(1, 10**12)


@given(NUMBERS)
def test_what_is_shown_is_read_back(number: int) -> None:
    for text in (
        candidate_name(number),
        candidate_name(number).lower(),
        f" {number} ",
        f"c{number}",
    ):
        assert read_candidate_id(text) == number
    for text in (slump_name(number), slump_name(number).lower(), str(number), f"rts-{number}"):
        assert read_slump_id(text) == number
    assert parse_id(slump_name(number)) == ShownId(Named.SLUMP, number)


@pytest.mark.parametrize(
    "text", ["", "0", "C-", "C-0", "-1", "1.5", "C-1x", "RTX-1", "\u0661", "C--1"]
)
def test_what_is_no_id_is_refused(text: str) -> None:
    assert parse_id(text) is None
    with pytest.raises(UsageError, match="is no candidate id"):
        read_candidate_id(text)


def test_an_id_of_the_other_kind_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match="RTS-00012 is the id of a slump, not of a candidate"):
        read_candidate_id("RTS-00012")
    with pytest.raises(UsageError, match="c-3 is the id of a candidate, not of a slump"):
        read_slump_id("c-3")
