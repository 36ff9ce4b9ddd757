"""The state of the search in words: a truth table over all stages, and what is never said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtsproj.domain.iterations import (
    SEARCHED,
    IterationOutcome,
    SearchState,
    Stage,
    has_converged,
    state_sentence,
    yield_text,
)

MET = "no new slump in iteration 1: the zero-new rule is met"
FOUND = "iteration 1 found 3 new slumps: search again"


def state(stage: Stage, **given) -> SearchState:
    counts = {"iteration": 2, "open_candidates": 0, "unsure": 0, "accepted": 0}
    counts |= {"new_slumps": 0, "failed_tiles": 0, "drawn": 0}
    counts |= {name: given.pop(name) for name in list(given) if name in counts}
    facts = {"tiles": 40, "searched": 40 if stage in SEARCHED else 0}
    return SearchState(stage, IterationOutcome(**counts), **{**facts, **given})


TABLE = [
    (state(Stage.SETUP, iteration=1), "iteration 1 cannot start: inputs are missing"),
    (state(Stage.TRAIN, iteration=1), "iteration 1 has not been trained or searched"),
    (
        state(Stage.TRAIN, before=FOUND),
        f"iteration 2 has not been trained or searched; before it: {FOUND}",
    ),
    (
        state(Stage.TRAIN, before=MET),
        f"iteration 2 has not been trained or searched; before it: {MET}",
    ),
    (state(Stage.INFER), "iteration 2 is trained and has not been searched"),
    (
        state(Stage.INFER, searched=12, before=FOUND),
        f"iteration 2 is searched in part: 28 tiles of 40 left; before it: {FOUND}",
    ),
    (
        state(Stage.TRIAGE, open_candidates=1),
        "1 candidate still open: iteration 2 cannot be closed yet",
    ),
    (
        state(Stage.TRIAGE, open_candidates=5, unsure=1, new_slumps=4, failed_tiles=2),
        "5 candidates still open: iteration 2 cannot be closed yet; 1 unsure (not blocking)",
    ),
    (
        state(Stage.CONVERGE, failed_tiles=2, new_slumps=1, searched=38),
        "2 tiles of iteration 2 failed, not searched",
    ),
    (state(Stage.CONVERGE, new_slumps=1), "iteration 2 found 1 new slump: search again"),
    (
        state(Stage.CONVERGE, new_slumps=1, drawn=1),
        (
            "iteration 2 found no new slump; 1 slump that no model had found was drawn by hand in "
            "it: search again"
        ),
    ),
    (
        state(Stage.CONVERGE, new_slumps=5, drawn=2, unsure=1),
        (
            "iteration 2 found 3 new slumps; 2 slumps that no model had found were drawn by hand "
            "in it: search again; 1 unsure (not blocking)"
        ),
    ),
    (state(Stage.CONVERGE), "no new slump in iteration 2: the zero-new rule is met"),
    (state(Stage.DONE, recorded=MET), MET),
    (
        state(Stage.DONE, recorded=MET, open_candidates=1),
        f"{MET}; since then 1 candidate open again",
    ),
    (
        state(Stage.DONE, recorded=MET, tiles=43, open_candidates=2),
        f"{MET}; since then 2 candidates open again, 3 tiles added and not searched",
    ),
    (state(Stage.DONE, recorded=MET, failed_tiles=2, searched=38), MET),
    (
        state(Stage.DONE, recorded=MET, drawn_since=1, new_slumps=1, drawn=1),
        f"{MET}; since then 1 slump that no model had found was drawn by hand",
    ),
]


@pytest.mark.parametrize(("given", "sentence"), TABLE, ids=[str(n) for n in range(len(TABLE))])
def test_each_state_has_its_sentence(given: SearchState, sentence: str) -> None:
    assert state_sentence(given) == sentence


@given(
    stage=st.sampled_from([one for one in Stage if one not in SEARCHED]),
    counts=st.tuples(*[st.integers(0, 9)] * 4),
    searched=st.integers(0, 40),
)
def test_an_iteration_that_was_not_searched_never_meets_the_rule(
    stage: Stage, counts: tuple[int, ...], searched: int
) -> None:
    waiting, unsure, new, failed = counts
    one = state(
        stage,
        open_candidates=waiting,
        unsure=unsure,
        new_slumps=new,
        failed_tiles=failed,
        searched=searched,
    )
    assert "rule is met" not in state_sentence(one)
    assert yield_text(stage, new) == "-"


@given(drawn=st.integers(1, 9), found=st.integers(0, 9), unsure=st.integers(0, 9))
def test_an_iteration_in_which_a_slump_was_drawn_has_not_converged(
    drawn: int, found: int, unsure: int
) -> None:
    one = state(Stage.CONVERGE, new_slumps=drawn + found, drawn=drawn, unsure=unsure)
    assert not has_converged(one.outcome)
    assert "search again" in state_sentence(one)
    assert ("found no new slump" in state_sentence(one)) == (found == 0)
