-- Inputs can be taken back: a row is withdrawn, not deleted, and no view of inputs in use shows it.
ALTER TABLE source ADD COLUMN withdrawn_by VARCHAR;
ALTER TABLE scene ADD COLUMN withdrawn_by VARCHAR;
ALTER TABLE tile ADD COLUMN withdrawn_at TIMESTAMP;   -- its square holds no valid pixel of the area any more; NULL again when it does
CREATE OR REPLACE VIEW scenes AS SELECT * EXCLUDE (withdrawn_by) FROM scene WHERE withdrawn_at IS NULL;
CREATE OR REPLACE VIEW labels AS
  SELECT l.*, s.uri, s.layer, s.sha256 FROM label l LEFT JOIN source s USING (source_id) WHERE s.withdrawn_at IS NULL;
CREATE OR REPLACE VIEW tiles AS
  SELECT t.* EXCLUDE (withdrawn_at), o.outcome, o.outlines, o.job_id, o.message
  FROM tile t LEFT JOIN (SELECT * FROM tile_outcome QUALIFY row_number() OVER (PARTITION BY tile_id ORDER BY job_id DESC) = 1) o USING (tile_id)
  WHERE t.withdrawn_at IS NULL;
CREATE VIEW withdrawn_seed AS                       -- seed slumps whose label file was withdrawn
  SELECT DISTINCT l.slump_id FROM label l JOIN source s USING (source_id)
  WHERE s.withdrawn_at IS NOT NULL AND l.origin = 'seed' AND l.slump_id IS NOT NULL;
CREATE VIEW withdrawn_slump AS                      -- those that nothing else supports: no accepted candidate, no edit by an analyst
  SELECT slump_id FROM withdrawn_seed
  WHERE slump_id NOT IN (SELECT slump_id FROM outline_version WHERE candidate_id IS NULL)
  AND slump_id NOT IN (
    SELECT o.slump_id FROM slump_outline o JOIN withdrawn_seed USING (slump_id) JOIN decision d ON d.candidate_id = o.candidate_id
    WHERE d.purpose <> 'replicate' GROUP BY o.slump_id, o.candidate_id HAVING arg_max(d.verdict, d.decision_id) = 'accept');
CREATE OR REPLACE VIEW live_outline AS
  SELECT o.*, coalesce(v.verdict, 'accept') AS verdict, coalesce(v.analyst, o.added_by) AS analyst,
         coalesce(v.decided_at, o.added_at) AS decided_at
  FROM slump_outline o LEFT JOIN verdict v USING (candidate_id)
  WHERE (o.candidate_id IS NULL OR v.verdict = 'accept') AND o.slump_id NOT IN (SELECT slump_id FROM withdrawn_slump);
CREATE OR REPLACE VIEW iterations AS
  WITH m AS (SELECT iteration, max(model_id) AS model_id FROM models GROUP BY iteration),
  t AS (SELECT iteration, count(*) FILTER (WHERE outcome <> 'failed') AS tiles, count(*) FILTER (WHERE outcome = 'failed') AS failed_tiles
        FROM (SELECT j.iteration, o.tile_id, o.outcome FROM job j JOIN tile_outcome o USING (job_id)
              JOIN tile x ON x.tile_id = o.tile_id AND x.withdrawn_at IS NULL
              QUALIFY row_number() OVER (PARTITION BY j.iteration, o.tile_id ORDER BY o.job_id DESC) = 1) GROUP BY iteration),
  s AS (SELECT j.iteration, count(*) AS searches FROM job j JOIN job_collection USING (job_id) WHERE j.verb = 'infer' GROUP BY j.iteration),
  l AS (SELECT i.iteration, count(*) FILTER (WHERE l.polarity = 'positive') AS positives, count(*) FILTER (WHERE l.polarity = 'negative') AS negatives
        FROM iteration i JOIN label l ON l.from_iteration <= i.iteration AND (l.until_iteration IS NULL OR i.iteration < l.until_iteration) GROUP BY i.iteration),
  c AS (SELECT iteration, count(*) AS candidates, count(*) FILTER (WHERE status = 'open') AS open, count(*) FILTER (WHERE status = 'accept') AS accepted,
        count(*) FILTER (WHERE status = 'reject') AS rejected, count(*) FILTER (WHERE status = 'unsure') AS unsure,
        count(*) FILTER (WHERE lineage = 'same') AS hidden FROM candidates GROUP BY iteration),
  a AS (SELECT count(*) FILTER (WHERE status = 'open') AS open_anywhere FROM candidates),
  r AS (SELECT x.first_iteration, x.origin FROM slump x JOIN current_outline USING (slump_id)),
  n AS (SELECT i.iteration, count(*) FILTER (WHERE r.first_iteration = i.iteration AND r.origin = 'found') AS new_slumps, count(*) AS slumps_so_far
        FROM iteration i JOIN r ON r.first_iteration <= i.iteration GROUP BY i.iteration),
  g AS (SELECT count(*) AS grid_tiles FROM tile WHERE withdrawn_at IS NULL)
  SELECT i.iteration,
         CASE WHEN k.iteration IS NOT NULL THEN 'done'
              WHEN coalesce(s.searches, 0) > 0 AND coalesce(t.tiles, 0) + coalesce(t.failed_tiles, 0) >= g.grid_tiles THEN CASE WHEN a.open_anywhere > 0 THEN 'triage' ELSE 'converge' END
              WHEN m.model_id IS NOT NULL THEN 'infer'
              WHEN g.grid_tiles > 0 AND coalesce(n.slumps_so_far, 0) > 0 THEN 'train'
              ELSE 'setup' END AS stage,
         i.opened_at, k.closed_at, k.converged, k.reason, m.model_id, coalesce(l.positives, 0) AS positives, coalesce(l.negatives, 0) AS negatives,
         coalesce(t.tiles, 0) AS tiles, coalesce(t.failed_tiles, 0) AS failed_tiles, coalesce(c.candidates, 0) AS candidates, coalesce(c.open, 0) AS open,
         coalesce(c.accepted, 0) AS accepted, coalesce(c.rejected, 0) AS rejected, coalesce(c.unsure, 0) AS unsure, coalesce(c.hidden, 0) AS hidden,
         coalesce(n.new_slumps, 0) AS new_slumps, coalesce(n.slumps_so_far, 0) AS slumps_so_far
  FROM iteration i LEFT JOIN iteration_close k USING (iteration) LEFT JOIN m USING (iteration) LEFT JOIN t USING (iteration) LEFT JOIN s USING (iteration)
  LEFT JOIN l USING (iteration) LEFT JOIN c USING (iteration) LEFT JOIN n USING (iteration) CROSS JOIN a CROSS JOIN g;
