"""What a sitting counts, whatever queue is read in between."""

from datetime import UTC, datetime

import numpy as np

from rtsproj.domain.decisions import Act, Purpose, SavedDecision, Verdict
from rtsproj.tui.review import Review
from rtsproj.workflow.queue import Queue


def queue(*ids: int, line: str = "") -> Queue:
    count = len(ids)
    return Queue(
        ids=np.array(ids, np.int64),
        area_m2=np.ones(count, np.float32),
        iteration=np.ones(count, np.int16),
        lineage=np.zeros(count, np.int8),
        flagged=np.zeros(count, bool),
        blind=np.zeros(count, bool),
        kind="triage",
        order="batches",
        filter=line,
        whole=True,
    )


def said(number: int, candidate_id: int, verdict: Verdict = Verdict.ACCEPT) -> SavedDecision:
    return SavedDecision(
        decision_id=number,
        candidate_id=candidate_id,
        verdict=verdict,
        reason="",
        note="",
        analyst="ann",
        decided_at=datetime(2026, 1, 1, tzinfo=UTC),
        act=Act.SAY,
        undoes=0,
        evidence="",
        confidence="",
        flagged=False,
        purpose=Purpose.TRIAGE,
    )


def test_what_was_decided_counts_on_when_the_queue_is_read_again() -> None:
    review = Review()
    review.take_queue(queue(1, 2, 3, 4))
    review.take(said(1, 1), at=1.0)
    review.take(said(2, 2), at=2.0)
    assert review.progress_text() == "2/4 decided"
    assert review.saved_text() == "saved #2 accept · u undoes"
    # WHEN the same queue is read again, without what was decided
    review.take_queue(queue(3, 4))
    assert review.progress_text() == "2/4 decided"
    # WHEN one is taken back THEN it is not counted any more
    review.take(said(3, 2, Verdict.WITHDRAW), at=3.0)
    assert review.progress_text() == "1/3 decided"
    # WHEN another filter is asked for THEN its own count begins
    review.take_queue(queue(3, line="near<500"))
    assert review.progress_text() == "0/1 decided"
