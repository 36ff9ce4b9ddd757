-- Slumps that a person drew: the versions of their outline are the record (step drawn, retired), so no other table changes.
ALTER TABLE outline_version ADD COLUMN note VARCHAR DEFAULT '';
ALTER TABLE outline_version ADD COLUMN bulk BIGINT DEFAULT 0;   -- first version_id of the act that saved several at once; 0 = saved alone
CREATE VIEW drawing AS                              -- what stands of each drawing: retired = taken back
  SELECT slump_id, min(version_id) AS first_version, min(added_at) AS drawn_at, arg_min(note, version_id) AS note,
         arg_max(step, version_id) = 'retired' AS is_retired
  FROM outline_version WHERE candidate_id IS NULL GROUP BY slump_id HAVING bool_or(step = 'drawn');
CREATE VIEW slump_origin AS                         -- the table says found of a drawn slump; seed, found or drawn
  SELECT s.slump_id, CASE WHEN d.slump_id IS NOT NULL THEN 'drawn' ELSE s.origin END AS origin, s.first_iteration, d.drawn_at, coalesce(d.note, '') AS note
  FROM slump s LEFT JOIN (SELECT * FROM drawing WHERE NOT is_retired) d USING (slump_id);
CREATE OR REPLACE VIEW live_outline AS              -- without its drawing a slump stays by its accepted candidates alone
  SELECT o.*, coalesce(v.verdict, 'accept') AS verdict, coalesce(v.analyst, o.added_by) AS analyst,
         coalesce(v.decided_at, o.added_at) AS decided_at
  FROM slump_outline o LEFT JOIN verdict v USING (candidate_id)
  WHERE (o.candidate_id IS NULL OR v.verdict = 'accept') AND o.slump_id NOT IN (SELECT slump_id FROM withdrawn_slump)
  AND (o.candidate_id IS NOT NULL OR o.slump_id NOT IN (SELECT slump_id FROM drawing WHERE is_retired));
CREATE OR REPLACE VIEW inventory AS
  SELECT s.slump_id, 'RTS-' || lpad(s.slump_id::VARCHAR, 5, '0') AS name, s.origin, s.first_iteration, l.last_iteration,
         c.area_m2, c.perimeter_m, c.lon, c.lat, c.verdict, c.analyst, c.decided_at, p.nearest_m, p.nearest_kind, c.geom_source,
         c.candidate_id, c.outline_id, c.geom, s.note
  FROM slump_origin s JOIN current_outline c USING (slump_id)
  JOIN (SELECT slump_id, max(iteration) AS last_iteration FROM live_outline GROUP BY slump_id) l USING (slump_id)
  LEFT JOIN (SELECT slump_id, min(distance_m) AS nearest_m, arg_min(kind, distance_m) AS nearest_kind FROM proximity GROUP BY slump_id) p USING (slump_id);
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
  r AS (SELECT x.first_iteration, x.origin FROM slump_origin x JOIN current_outline USING (slump_id)),
  n AS (SELECT i.iteration, count(*) FILTER (WHERE r.first_iteration = i.iteration AND r.origin <> 'seed') AS new_slumps,
               count(*) FILTER (WHERE r.first_iteration = i.iteration AND r.origin = 'drawn') AS drawn, count(*) AS slumps_so_far
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
         coalesce(n.new_slumps, 0) AS new_slumps, coalesce(n.slumps_so_far, 0) AS slumps_so_far, coalesce(n.drawn, 0) AS drawn
  FROM iteration i LEFT JOIN iteration_close k USING (iteration) LEFT JOIN m USING (iteration) LEFT JOIN t USING (iteration) LEFT JOIN s USING (iteration)
  LEFT JOIN l USING (iteration) LEFT JOIN c USING (iteration) LEFT JOIN n USING (iteration) CROSS JOIN a CROSS JOIN g;
