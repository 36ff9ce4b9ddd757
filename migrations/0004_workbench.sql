-- What the workbench adds: marks on a decision, who works on what, second opinions, edited outlines.
-- Added columns hold no constraint: the workflow checks them (DuckDB 1.5 cannot add a CHECK to a table that stands).
ALTER TABLE decision ADD COLUMN evidence VARCHAR DEFAULT '';      -- comma-joined keys: headwall, bare_floor, flow_or_toe, …
ALTER TABLE decision ADD COLUMN confidence VARCHAR DEFAULT '';    -- certain, probable, possible; empty = not said
ALTER TABLE decision ADD COLUMN flagged BOOLEAN DEFAULT false;    -- to come back to
ALTER TABLE decision ADD COLUMN purpose VARCHAR DEFAULT 'triage'; -- triage, replicate (blind second opinion) or adjudication
CREATE TABLE claim (                                -- who has a candidate before them; a claim that has expired counts for nothing
  candidate_id    BIGINT NOT NULL,
  analyst         VARCHAR NOT NULL,
  expires_at      TIMESTAMP NOT NULL
);
CREATE TABLE bookmark (                             -- where an analyst left the queue
  analyst         VARCHAR NOT NULL,
  candidate_id    BIGINT NOT NULL,
  queue_order     VARCHAR NOT NULL,
  filter          VARCHAR NOT NULL,
  saved_at        TIMESTAMP NOT NULL
);
CREATE TABLE outline_version (                      -- edits of outlines, append-only; the newest one counts, none = the model's own
  version_id      BIGINT PRIMARY KEY,               -- the journal's seq: project-wide, without gaps, shared with decision_id
  candidate_id    BIGINT REFERENCES candidate (candidate_id),    -- NULL: the outline of a seed or of a drawn slump
  slump_id        BIGINT NOT NULL,                  -- that slump; 0 = a candidate's outline
  iteration       INTEGER NOT NULL,
  parent          BIGINT NOT NULL,                  -- version it was made from; 0 = the model's or the first outline
  step            VARCHAR NOT NULL,                 -- threshold 0.5, grow, smooth, …, undo, import, drawn, retired
  geom_source     VARCHAR NOT NULL,                 -- model, model_edited, manual or import
  area_m2         DOUBLE NOT NULL,
  perimeter_m     DOUBLE NOT NULL,
  lon             DOUBLE NOT NULL,
  lat             DOUBLE NOT NULL,
  minx            DOUBLE NOT NULL,
  miny            DOUBLE NOT NULL,
  maxx            DOUBLE NOT NULL,
  maxy            DOUBLE NOT NULL,
  geom            GEOMETRY('${crs}') NOT NULL,
  added_at        TIMESTAMP NOT NULL,
  added_by        VARCHAR NOT NULL
);
CREATE OR REPLACE VIEW verdict AS                   -- the newest word of each candidate; a blind second opinion changes none
  SELECT candidate_id, verdict, reason, note, evidence, confidence, flagged, analyst, decided_at, decision_id FROM decision
  WHERE purpose <> 'replicate' QUALIFY row_number() OVER (PARTITION BY candidate_id ORDER BY decision_id DESC) = 1;
CREATE VIEW candidate_version AS                    -- the outline that counts of each candidate whose outline was edited
  SELECT * FROM outline_version WHERE candidate_id IS NOT NULL
  QUALIFY row_number() OVER (PARTITION BY candidate_id ORDER BY version_id DESC) = 1;
CREATE OR REPLACE VIEW candidates AS
  SELECT c.candidate_id, c.iteration,
         CASE WHEN v.verdict IS NOT NULL AND (v.verdict <> 'withdraw' OR c.lineage <> 'same') THEN coalesce(nullif(v.verdict, 'withdraw'), 'open')
              WHEN c.lineage = 'same' AND c.lineage_of > 0 THEN coalesce(nullif(e.verdict, 'withdraw'), 'open')
              WHEN c.lineage = 'same' AND c.lineage_slump > 0 THEN 'accept'
              ELSE 'open' END AS status,
         c.score_mean, c.score_max, coalesce(w.area_m2, c.area_m2) AS area_m2, coalesce(w.perimeter_m, c.perimeter_m) AS perimeter_m,
         coalesce(w.lon, c.lon) AS lon, coalesce(w.lat, c.lat) AS lat,
         coalesce(o.slump_id, e_o.slump_id, nullif(c.lineage_slump, 0), nullif(c.relation_slump, 0)) AS slump_id, c.relation,
         c.lineage, nullif(c.lineage_of, 0) AS lineage_of, nullif(c.lineage_slump, 0) AS lineage_slump, c.lineage_iou, c.growth_m2,
         c.pixels, c.at_edge, v.reason, v.note, v.evidence, v.confidence, coalesce(v.flagged, false) AS flagged, v.analyst, v.decided_at,
         c.job_id, c.tiles, coalesce(w.step, '') AS outline_step, coalesce(w.version_id, 0) AS outline_version, coalesce(w.geom, c.geom) AS geom
  FROM candidate c
  LEFT JOIN candidate_version w ON w.candidate_id = c.candidate_id
  LEFT JOIN verdict v ON v.candidate_id = c.candidate_id
  LEFT JOIN verdict e ON e.candidate_id = CASE WHEN c.lineage = 'same' THEN c.lineage_of END
  LEFT JOIN (SELECT candidate_id, arg_max(slump_id, outline_id) AS slump_id FROM live_outline WHERE candidate_id IS NOT NULL GROUP BY candidate_id) o
    ON o.candidate_id = c.candidate_id
  LEFT JOIN (SELECT candidate_id, arg_max(slump_id, outline_id) AS slump_id FROM live_outline WHERE candidate_id IS NOT NULL GROUP BY candidate_id) e_o
    ON e_o.candidate_id = CASE WHEN c.lineage = 'same' THEN c.lineage_of END;
CREATE OR REPLACE VIEW decisions AS
  SELECT d.decision_id, d.candidate_id, c.iteration, d.verdict, d.reason, d.note, d.evidence, d.confidence, d.flagged, d.purpose, d.analyst, d.decided_at,
         d.act, d.undoes, d.decision_id < max(d.decision_id) OVER (PARTITION BY d.candidate_id, d.purpose = 'replicate') AS superseded
  FROM decision d JOIN candidate c USING (candidate_id);
CREATE OR REPLACE VIEW opinion AS                   -- each analyst's last word on a candidate, blind ones and adjudications apart
  SELECT candidate_id, analyst, purpose, arg_max(verdict, decision_id) AS verdict, max(decision_id) AS decision_id, min(decision_id) AS first_id
  FROM decision WHERE purpose <> 'adjudication' GROUP BY candidate_id, analyst, purpose;
CREATE OR REPLACE VIEW disagreement AS              -- analysts differ and nobody has adjudicated since
  SELECT o.candidate_id, list(o.analyst || ': ' || o.verdict ORDER BY o.analyst) AS verdicts
  FROM opinion o LEFT JOIN (SELECT candidate_id, max(decision_id) AS decision_id FROM decision WHERE purpose = 'adjudication' GROUP BY candidate_id) a USING (candidate_id)
  WHERE o.verdict <> 'withdraw'
  GROUP BY o.candidate_id, a.decision_id HAVING count(DISTINCT o.verdict) > 1 AND max(o.decision_id) > coalesce(a.decision_id, 0);
CREATE OR REPLACE VIEW paired_opinion AS            -- the first two opinions on one candidate, for agreement between analysts
  SELECT candidate_id, opinions[1].analyst AS first_analyst, opinions[1].verdict AS first_verdict,
         opinions[2].analyst AS second_analyst, opinions[2].verdict AS second_verdict
  FROM (SELECT candidate_id, list({'analyst': analyst, 'verdict': verdict} ORDER BY first_id) AS opinions
        FROM opinion WHERE verdict <> 'withdraw' GROUP BY candidate_id) WHERE len(opinions) >= 2;
