"""What was done last, newest first: decisions, drawn slumps, jobs, files, iterations."""

from typing import Any

from rtsproj.store.database import Connection, rows

LAST = """
SELECT * FROM (
  (SELECT decided_at AS done_at, analyst AS who, decision_id AS n,
          verdict || ' C-' || lpad(candidate_id::VARCHAR, 5, '0')
          || CASE WHEN reason <> '' THEN ', ' || reason ELSE '' END AS what
   FROM decision ORDER BY decision_id DESC LIMIT ?)
  UNION ALL
  (SELECT added_at, added_by, version_id,
          CASE step WHEN 'drawn' THEN 'drew' WHEN 'removed' THEN 'removed'
                    WHEN 'restored' THEN 'put back' ELSE 'took back the drawing of' END
          || ' RTS-' || lpad(slump_id::VARCHAR, 5, '0')
   FROM outline_version WHERE candidate_id IS NULL
   AND step IN ('drawn', 'retired', 'removed', 'restored')
   ORDER BY version_id DESC LIMIT ?)
  UNION ALL
  (SELECT created_at, created_by, job_id, 'started job ' || job_id || ', ' || verb
   FROM job ORDER BY job_id DESC LIMIT ?)
  UNION ALL
  (SELECT collected_at, '', job_id, 'job ' || job_id || ' taken in'
          || CASE coalesce((detail->>'better')::BIGINT, 0) WHEN 0 THEN ''
             WHEN 1 THEN ', 1 accepted outline replaced by a better one'
             ELSE ', ' || (detail->>'better') || ' accepted outlines replaced by better ones' END
   FROM job_collection
   ORDER BY job_id DESC LIMIT ?)
  UNION ALL
  (SELECT added_at, added_by, source_id, 'added ' || role || ', ' || features
          || CASE features WHEN 1 THEN ' feature' ELSE ' features' END
   FROM source ORDER BY source_id DESC LIMIT ?)
  UNION ALL
  (SELECT max(added_at), added_by, max(scene_id), 'added ' || count(*) || ' ' || role
          || CASE count(*) WHEN 1 THEN ' scene' ELSE ' scenes' END
   FROM scene GROUP BY added_by, role)
  UNION ALL
  (SELECT withdrawn_at, coalesce(withdrawn_by, ''), source_id,
          'removed ' || role || ' ' || source_id
   FROM source WHERE withdrawn_at IS NOT NULL ORDER BY withdrawn_at DESC LIMIT ?)
  UNION ALL
  (SELECT withdrawn_at, coalesce(withdrawn_by, ''), scene_id, 'removed scene ' || scene_id
   FROM scene WHERE withdrawn_at IS NOT NULL ORDER BY withdrawn_at DESC LIMIT ?)
  UNION ALL
  (SELECT opened_at, opened_by, iteration, 'opened iteration ' || iteration FROM iteration
   ORDER BY iteration DESC LIMIT ?))
ORDER BY done_at DESC, n DESC LIMIT ?
"""


def last_actions(connection: Connection, *, most: int) -> list[dict[str, Any]]:
    """Give done_at (UTC), who and what of the newest actions."""
    return rows(connection, LAST, [most] * LAST.count("?"))
