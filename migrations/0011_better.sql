-- A better outline of a later search, current while the decision on the accepted candidate is accept.
CREATE TABLE better_outline (
  candidate_id    BIGINT PRIMARY KEY,               -- whose outline it is; nobody decided it
  accepted_id     BIGINT NOT NULL                   -- the accepted candidate
);
CREATE OR REPLACE VIEW live_outline AS
  SELECT o.*, 'accept' AS verdict, coalesce(CASE WHEN v.verdict = 'accept' THEN v.analyst ELSE a.analyst END, o.added_by) AS analyst,
         coalesce(CASE WHEN v.verdict = 'accept' THEN v.decided_at ELSE a.decided_at END, o.added_at) AS decided_at
  FROM slump_outline o LEFT JOIN verdict v USING (candidate_id)
  LEFT JOIN better_outline b USING (candidate_id) LEFT JOIN verdict a ON a.candidate_id = b.accepted_id
  WHERE (o.candidate_id IS NULL OR v.verdict = 'accept' OR (a.verdict = 'accept' AND coalesce(v.verdict, 'withdraw') = 'withdraw'))
  AND o.slump_id NOT IN (SELECT slump_id FROM withdrawn_slump)
  AND (o.candidate_id IS NOT NULL OR o.slump_id NOT IN (SELECT slump_id FROM gone_slump));
CREATE OR REPLACE VIEW inventory AS
  SELECT s.slump_id, 'RTS-' || lpad(s.slump_id::VARCHAR, 5, '0') AS name, s.origin, s.first_iteration, l.last_iteration,
         c.area_m2, c.perimeter_m, c.lon, c.lat, c.verdict, c.analyst, c.decided_at, p.nearest_m, p.nearest_kind, c.geom_source,
         c.candidate_id, c.outline_id, c.geom, s.note,
         nullif(a.source_uid, '') AS source_uid, nullif(a.source_date, '') AS source_date, nullif(a.source_name, '') AS source_name,
         coalesce(b.accepted_id, c.candidate_id) AS accepted_candidate_id
  FROM slump_origin s JOIN current_outline c USING (slump_id)
  JOIN (SELECT slump_id, max(iteration) AS last_iteration FROM live_outline GROUP BY slump_id) l USING (slump_id)
  LEFT JOIN better_outline b ON b.candidate_id = c.candidate_id
  LEFT JOIN (SELECT slump_id, min(distance_m) AS nearest_m, arg_min(kind, distance_m) AS nearest_kind FROM proximity GROUP BY slump_id) p USING (slump_id)
  LEFT JOIN (SELECT * FROM label WHERE origin = 'seed' AND source_id IS NOT NULL) a USING (slump_id);
