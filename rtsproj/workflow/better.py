"""A later search's outline takes the place of an accepted one that it has drawn better."""

from rtsproj.geometry.better import better_outlines
from rtsproj.store import better
from rtsproj.store.database import Connection
from rtsproj.workflow.jobs import Job


def replace_outlines(connection: Connection, job: Job) -> int:
    """Replace outlines of the inventory by better ones that a search has drawn.

    Only those that networks drew are replaced. What a person accepted stays recorded, with the
    decision: without it the better outline does not count either. The re-raise rule goes on to
    measure growth against what a person has seen.

    Args:
        connection: inside the transaction that takes the search in.
        job: the search.

    Returns:
        How many were replaced.
    """
    slump_ids, accepted_ids, accepted = better.accepted_outlines(connection, before=job.iteration)
    candidate_ids, now = better.drawn_again(connection, job.job_id)
    before = better.drawn_before(connection, job.iteration)
    taken = better.taken_ground(connection)
    places = better_outlines(accepted, slump_ids, now, before, taken)
    chosen = (places >= 0).nonzero()[0].tolist()
    for n in chosen:
        better.replace_outline(
            connection,
            slump_id=int(slump_ids[n]),
            candidate_id=int(candidate_ids[places[n]]),
            accepted_id=int(accepted_ids[n]),
        )
    return len(chosen)
