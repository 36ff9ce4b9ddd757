"""Replace accepted outlines by better ones of a later search."""

from rtsproj.geometry.better import better_outlines
from rtsproj.store import better
from rtsproj.store.database import Connection
from rtsproj.workflow.jobs import Job


def replace_outlines(connection: Connection, job: Job) -> int:
    """Replace accepted outlines by better ones of a finished search.

    Only outlines detected by a network are replaced. Decisions do not change; without the accepting
    decision the better outline is not current either. The re-raise rule still compares with the
    outlines that a person reviewed.

    Args:
        connection: inside the transaction that collects the search.
        job: the search.

    Returns:
        How many were replaced.
    """
    slump_ids, accepted_ids, accepted = better.accepted_outlines(connection, before=job.iteration)
    candidate_ids, now = better.detected_again(connection, job.job_id)
    before = better.detected_before(connection, job.iteration)
    foreign = better.foreign_outlines(connection)
    places = better_outlines(accepted, slump_ids, now, before, foreign)
    chosen = (places >= 0).nonzero()[0].tolist()
    for n in chosen:
        better.replace_outline(
            connection,
            slump_id=int(slump_ids[n]),
            candidate_id=int(candidate_ids[places[n]]),
            accepted_id=int(accepted_ids[n]),
        )
    return len(chosen)
