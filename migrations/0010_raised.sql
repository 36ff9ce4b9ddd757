-- Why a candidate is asked about, and how well its outline is defined.
ALTER TABLE candidate ADD COLUMN raised VARCHAR DEFAULT 'cut';   -- cut: among the best above the candidate cut; probe: below what would be raised, asked to try the model
ALTER TABLE candidate ADD COLUMN cut DOUBLE DEFAULT 0;           -- 0..1, the probability that its outline was drawn at; 0 = not recorded
ALTER TABLE candidate ADD COLUMN stability DOUBLE DEFAULT 1;     -- 0..1, its area by that of the object at the probe cut that holds it
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
         c.job_id, c.tiles, coalesce(w.step, '') AS outline_step, coalesce(w.version_id, 0) AS outline_version, coalesce(w.geom, c.geom) AS geom,
         c.spread, coalesce(c.raised, 'cut') AS raised, nullif(c.cut, 0) AS cut, coalesce(c.stability, 1) AS stability
  FROM candidate c
  LEFT JOIN candidate_version w ON w.candidate_id = c.candidate_id
  LEFT JOIN verdict v ON v.candidate_id = c.candidate_id
  LEFT JOIN verdict e ON e.candidate_id = CASE WHEN c.lineage = 'same' THEN c.lineage_of END
  LEFT JOIN (SELECT candidate_id, arg_max(slump_id, outline_id) AS slump_id FROM live_outline WHERE candidate_id IS NOT NULL GROUP BY candidate_id) o
    ON o.candidate_id = c.candidate_id
  LEFT JOIN (SELECT candidate_id, arg_max(slump_id, outline_id) AS slump_id FROM live_outline WHERE candidate_id IS NOT NULL GROUP BY candidate_id) e_o
    ON e_o.candidate_id = CASE WHEN c.lineage = 'same' THEN c.lineage_of END;
