-- What a label file holds about each outline stays with it, and lines may be places that have no length.
ALTER TABLE label ADD COLUMN source_uid VARCHAR;    -- value of the file's field for an id, such as UID; empty = none
ALTER TABLE label ADD COLUMN source_date VARCHAR;   -- of its field for a date, such as BaseMapDate, as the file writes it
ALTER TABLE label ADD COLUMN source_name VARCHAR;   -- of its field for a name
ALTER TABLE label ADD COLUMN attributes JSON;       -- all fields of the outline in its file; NULL = digitised or detected here
CREATE OR REPLACE VIEW labels AS
  SELECT l.* EXCLUDE (source_uid, source_date, source_name, attributes), s.uri, s.layer, s.sha256,
         nullif(l.source_uid, '') AS source_uid, nullif(l.source_date, '') AS source_date,
         nullif(l.source_name, '') AS source_name, l.attributes
  FROM label l LEFT JOIN source s USING (source_id) WHERE s.withdrawn_at IS NULL;
CREATE OR REPLACE VIEW drawing AS                   -- what stands of each drawing: retired = taken back or removed
  SELECT slump_id, min(version_id) AS first_version, min(added_at) AS drawn_at, arg_min(note, version_id) AS note,
         arg_max(step, version_id) IN ('retired', 'removed') AS is_retired
  FROM outline_version WHERE candidate_id IS NULL GROUP BY slump_id HAVING bool_or(step = 'drawn');
CREATE OR REPLACE VIEW withdrawn_slump AS           -- those that nothing else supports: no accepted candidate, no edit by an analyst
  SELECT slump_id FROM withdrawn_seed
  WHERE slump_id NOT IN (SELECT slump_id FROM outline_version WHERE candidate_id IS NULL AND step NOT IN ('removed', 'restored'))
  AND slump_id NOT IN (
    SELECT o.slump_id FROM slump_outline o JOIN withdrawn_seed USING (slump_id) JOIN decision d ON d.candidate_id = o.candidate_id
    WHERE d.purpose <> 'replicate' GROUP BY o.slump_id, o.candidate_id HAVING arg_max(d.verdict, d.decision_id) = 'accept');
CREATE VIEW gone_slump AS                           -- taken back or removed: only its accepted candidates count, where it has any
  SELECT slump_id FROM outline_version WHERE candidate_id IS NULL
  GROUP BY slump_id HAVING arg_max(step, version_id) IN ('retired', 'removed');
CREATE OR REPLACE VIEW live_outline AS
  SELECT o.*, coalesce(v.verdict, 'accept') AS verdict, coalesce(v.analyst, o.added_by) AS analyst,
         coalesce(v.decided_at, o.added_at) AS decided_at
  FROM slump_outline o LEFT JOIN verdict v USING (candidate_id)
  WHERE (o.candidate_id IS NULL OR v.verdict = 'accept') AND o.slump_id NOT IN (SELECT slump_id FROM withdrawn_slump)
  AND (o.candidate_id IS NOT NULL OR o.slump_id NOT IN (SELECT slump_id FROM gone_slump));
CREATE OR REPLACE VIEW inventory AS
  SELECT s.slump_id, 'RTS-' || lpad(s.slump_id::VARCHAR, 5, '0') AS name, s.origin, s.first_iteration, l.last_iteration,
         c.area_m2, c.perimeter_m, c.lon, c.lat, c.verdict, c.analyst, c.decided_at, p.nearest_m, p.nearest_kind, c.geom_source,
         c.candidate_id, c.outline_id, c.geom, s.note,
         nullif(a.source_uid, '') AS source_uid, nullif(a.source_date, '') AS source_date, nullif(a.source_name, '') AS source_name
  FROM slump_origin s JOIN current_outline c USING (slump_id)
  JOIN (SELECT slump_id, max(iteration) AS last_iteration FROM live_outline GROUP BY slump_id) l USING (slump_id)
  LEFT JOIN (SELECT slump_id, min(distance_m) AS nearest_m, arg_min(kind, distance_m) AS nearest_kind FROM proximity GROUP BY slump_id) p USING (slump_id)
  LEFT JOIN (SELECT * FROM label WHERE origin = 'seed' AND source_id IS NOT NULL) a USING (slump_id);
CREATE TABLE line_before AS FROM line;              -- its rule for kinds cannot be changed in place
DROP TABLE line;
CREATE TABLE line (
  line_id         BIGINT PRIMARY KEY,
  source_id       BIGINT NOT NULL REFERENCES source (source_id),
  kind            VARCHAR NOT NULL CHECK (kind IN ('road', 'railway', 'airstrip', 'station')),
  line_class      VARCHAR,
  line_name       VARCHAR,
  geom            GEOMETRY('${crs}') NOT NULL       -- a point where an airstrip or a station is given as one
);
INSERT INTO line FROM line_before;
DROP TABLE line_before;
