-- Created unqualified after USE. No ST_ function here: every view must work in a client without the spatial extension.
CREATE VIEW verdict AS                              -- the newest decision of each candidate
  SELECT candidate_id, verdict, reason, note, analyst, decided_at, decision_id FROM decision
  QUALIFY row_number() OVER (PARTITION BY candidate_id ORDER BY decision_id DESC) = 1;
CREATE VIEW live_outline AS
  SELECT o.*, coalesce(v.verdict, 'accept') AS verdict, coalesce(v.analyst, o.added_by) AS analyst,
         coalesce(v.decided_at, o.added_at) AS decided_at
  FROM slump_outline o LEFT JOIN verdict v USING (candidate_id)
  WHERE o.candidate_id IS NULL OR v.verdict = 'accept';
CREATE VIEW current_outline AS                      -- the outline that counts for each slump of the inventory
  SELECT * FROM (SELECT * FROM live_outline WHERE relation <> 'part'
                 QUALIFY row_number() OVER (PARTITION BY slump_id ORDER BY outline_id DESC) = 1)
  WHERE relation <> 'retired';
CREATE VIEW proximity AS
  SELECT c.slump_id, 'RTS-' || lpad(c.slump_id::VARCHAR, 5, '0') AS name, d.kind, l.line_class, l.line_name, d.distance_m, d.line_id, d.source_id
  FROM current_outline c JOIN outline_distance d USING (outline_id)
  JOIN source s ON s.source_id = d.source_id AND s.withdrawn_at IS NULL JOIN line l ON l.line_id = d.line_id
  QUALIFY row_number() OVER (PARTITION BY c.slump_id, d.kind ORDER BY d.distance_m, d.line_id) = 1;
CREATE MACRO near_infrastructure(metres) AS TABLE
  SELECT * FROM proximity WHERE distance_m <= metres;
CREATE VIEW inventory AS
  SELECT s.slump_id, 'RTS-' || lpad(s.slump_id::VARCHAR, 5, '0') AS name, s.origin, s.first_iteration, l.last_iteration,
         c.area_m2, c.perimeter_m, c.lon, c.lat, c.verdict, c.analyst, c.decided_at, p.nearest_m, p.nearest_kind, c.geom_source,
         c.candidate_id, c.outline_id, c.geom
  FROM slump s JOIN current_outline c USING (slump_id)
  JOIN (SELECT slump_id, max(iteration) AS last_iteration FROM live_outline GROUP BY slump_id) l USING (slump_id)
  LEFT JOIN (SELECT slump_id, min(distance_m) AS nearest_m, arg_min(kind, distance_m) AS nearest_kind FROM proximity GROUP BY slump_id) p USING (slump_id);
CREATE VIEW candidates AS
  SELECT c.candidate_id, c.iteration,
         CASE WHEN v.verdict IS NOT NULL THEN coalesce(nullif(v.verdict, 'withdraw'), 'open')
              WHEN c.lineage = 'same' AND c.lineage_of > 0 THEN coalesce(nullif(e.verdict, 'withdraw'), 'open')
              WHEN c.lineage = 'same' AND c.lineage_slump > 0 THEN 'accept'
              ELSE 'open' END AS status,
         c.score_mean, c.score_max, c.area_m2, c.perimeter_m, c.lon, c.lat,
         coalesce(o.slump_id, e_o.slump_id, nullif(c.lineage_slump, 0), nullif(c.relation_slump, 0)) AS slump_id, c.relation,
         c.lineage, nullif(c.lineage_of, 0) AS lineage_of, nullif(c.lineage_slump, 0) AS lineage_slump, c.lineage_iou, c.growth_m2,
         c.pixels, c.at_edge, v.reason, v.note, v.analyst, v.decided_at, c.job_id, c.tiles, c.geom
  FROM candidate c
  LEFT JOIN verdict v ON v.candidate_id = c.candidate_id
  LEFT JOIN verdict e ON e.candidate_id = CASE WHEN c.lineage = 'same' THEN c.lineage_of END
  LEFT JOIN (SELECT candidate_id, arg_max(slump_id, outline_id) AS slump_id FROM live_outline WHERE candidate_id IS NOT NULL GROUP BY candidate_id) o
    ON o.candidate_id = c.candidate_id
  LEFT JOIN (SELECT candidate_id, arg_max(slump_id, outline_id) AS slump_id FROM live_outline WHERE candidate_id IS NOT NULL GROUP BY candidate_id) e_o
    ON e_o.candidate_id = CASE WHEN c.lineage = 'same' THEN c.lineage_of END;
CREATE VIEW decisions AS
  SELECT d.decision_id, d.candidate_id, c.iteration, d.verdict, d.reason, d.note, d.analyst, d.decided_at, d.act, d.undoes,
         d.decision_id < max(d.decision_id) OVER (PARTITION BY d.candidate_id) AS superseded
  FROM decision d JOIN candidate c USING (candidate_id);
CREATE VIEW disagreement AS                         -- the last words of the analysts differ
  SELECT candidate_id, list(analyst || ': ' || verdict ORDER BY analyst) AS verdicts
  FROM (SELECT candidate_id, analyst, arg_max(verdict, decision_id) AS verdict FROM decision GROUP BY candidate_id, analyst)
  GROUP BY candidate_id HAVING count(DISTINCT verdict) > 1;
CREATE VIEW jobs AS
  SELECT j.*, c.collected_at, c.detail FROM job j LEFT JOIN job_collection c USING (job_id);
CREATE VIEW models AS SELECT m.*, j.iteration FROM model m JOIN job j USING (job_id);
CREATE VIEW scenes AS SELECT * FROM scene WHERE withdrawn_at IS NULL;
CREATE VIEW labels AS
  SELECT l.*, s.uri, s.layer, s.sha256 FROM label l LEFT JOIN source s USING (source_id);
CREATE VIEW lines AS
  SELECT l.*, s.uri, s.layer, s.sha256 FROM line l JOIN source s USING (source_id) WHERE s.withdrawn_at IS NULL;
CREATE VIEW tiles AS
  SELECT t.*, o.outcome, o.outlines, o.job_id, o.message
  FROM tile t LEFT JOIN (SELECT * FROM tile_outcome QUALIFY row_number() OVER (PARTITION BY tile_id ORDER BY job_id DESC) = 1) o USING (tile_id);
CREATE VIEW iterations AS
  WITH m AS (SELECT iteration, max(model_id) AS model_id FROM models GROUP BY iteration),
  t AS (SELECT iteration, count(*) FILTER (WHERE outcome <> 'failed') AS tiles, count(*) FILTER (WHERE outcome = 'failed') AS failed_tiles
        FROM (SELECT j.iteration, o.tile_id, o.outcome FROM job j JOIN tile_outcome o USING (job_id)
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
  g AS (SELECT count(*) AS grid_tiles FROM tile)
  SELECT i.iteration,
         CASE WHEN k.iteration IS NOT NULL THEN 'done'
              WHEN coalesce(s.searches, 0) > 0 AND coalesce(t.tiles, 0) + coalesce(t.failed_tiles, 0) >= g.grid_tiles THEN CASE WHEN a.open_anywhere > 0 THEN 'triage' ELSE 'converge' END
              WHEN m.model_id IS NOT NULL THEN 'infer'
              WHEN g.grid_tiles > 0 AND coalesce(l.positives, 0) > 0 THEN 'train'
              ELSE 'setup' END AS stage,
         i.opened_at, k.closed_at, k.converged, k.reason, m.model_id, coalesce(l.positives, 0) AS positives, coalesce(l.negatives, 0) AS negatives,
         coalesce(t.tiles, 0) AS tiles, coalesce(t.failed_tiles, 0) AS failed_tiles, coalesce(c.candidates, 0) AS candidates, coalesce(c.open, 0) AS open,
         coalesce(c.accepted, 0) AS accepted, coalesce(c.rejected, 0) AS rejected, coalesce(c.unsure, 0) AS unsure, coalesce(c.hidden, 0) AS hidden,
         coalesce(n.new_slumps, 0) AS new_slumps, coalesce(n.slumps_so_far, 0) AS slumps_so_far
  FROM iteration i LEFT JOIN iteration_close k USING (iteration) LEFT JOIN m USING (iteration) LEFT JOIN t USING (iteration) LEFT JOIN s USING (iteration)
  LEFT JOIN l USING (iteration) LEFT JOIN c USING (iteration) LEFT JOIN n USING (iteration) CROSS JOIN a CROSS JOIN g;
