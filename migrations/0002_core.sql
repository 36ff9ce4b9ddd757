-- ${crs} is filled in by the migration runner once the project CRS is known. Ids are max + 1, taken inside the exclusive
-- transaction. Rows are added, not changed; a column that a later verb must change is plain (no UNIQUE, no GEOMETRY, no LIST).
-- No RTREE, ENUM, sequence, TIMESTAMPTZ; no ST_ function in a view, CHECK or default: any DuckDB 1.5+ client must be able to read.
CREATE TABLE source (                               -- one row per vector or terrain file that was taken in
  source_id       BIGINT PRIMARY KEY,
  role            VARCHAR NOT NULL CHECK (role IN ('area', 'label', 'line', 'terrain', 'edit', 'decision')),
  uri             VARCHAR NOT NULL,
  layer           VARCHAR,
  where_expr      VARCHAR,
  sha256          VARCHAR NOT NULL,
  features        BIGINT NOT NULL,
  added_at        TIMESTAMP NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  added_by        VARCHAR NOT NULL,
  withdrawn_at    TIMESTAMP
);
CREATE TABLE scene (
  scene_id        BIGINT PRIMARY KEY,
  uri             VARCHAR NOT NULL,                 -- not UNIQUE: relink changes it while tiles refer to the scene
  role            VARCHAR NOT NULL CHECK (role IN ('map', 'history')),
  acquired        DATE NOT NULL,
  sensor          VARCHAR,
  crs             VARCHAR NOT NULL,
  gsd_m           DOUBLE NOT NULL CHECK (gsd_m > 0),
  width           BIGINT NOT NULL,
  height          BIGINT NOT NULL,
  bands           JSON NOT NULL,                    -- ["blue","green","red","nir"], in file order
  dtype           VARCHAR NOT NULL,
  nodata          DOUBLE,
  mask_uri        VARCHAR,
  clear_share     DOUBLE NOT NULL,                  -- 0..1; with the date it decides who wins where scenes overlap
  size_bytes      BIGINT NOT NULL,
  mtime_ns        BIGINT NOT NULL,
  fingerprint     VARCHAR NOT NULL,                 -- size, header and sampled blocks
  footprint       GEOMETRY('${crs}') NOT NULL,
  added_at        TIMESTAMP NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  added_by        VARCHAR NOT NULL,
  withdrawn_at    TIMESTAMP
);
CREATE TABLE area (
  area_id         BIGINT PRIMARY KEY,
  source_id       BIGINT NOT NULL REFERENCES source (source_id),
  geom            GEOMETRY('${crs}') NOT NULL
);
CREATE TABLE terrain (
  terrain_id      BIGINT PRIMARY KEY,
  source_id       BIGINT NOT NULL REFERENCES source (source_id),
  crs             VARCHAR NOT NULL,
  gsd_m           DOUBLE NOT NULL CHECK (gsd_m > 0),
  nodata          DOUBLE,
  footprint       GEOMETRY('${crs}') NOT NULL
);
CREATE TABLE line (
  line_id         BIGINT PRIMARY KEY,
  source_id       BIGINT NOT NULL REFERENCES source (source_id),
  kind            VARCHAR NOT NULL CHECK (kind IN ('road', 'railway')),
  line_class      VARCHAR,
  line_name       VARCHAR,
  geom            GEOMETRY('${crs}') NOT NULL
);
CREATE TABLE tile (
  tile_id         BIGINT PRIMARY KEY,
  grid_row        INTEGER NOT NULL,
  grid_col        INTEGER NOT NULL,
  core_px         INTEGER NOT NULL CHECK (core_px > 0),
  valid_px        BIGINT NOT NULL CHECK (valid_px > 0),
  valid_m2        DOUBLE NOT NULL,                  -- geodesic: valid share times the tile's geodesic area
  geom            GEOMETRY('${crs}') NOT NULL,
  added_at        TIMESTAMP NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  UNIQUE (grid_row, grid_col)
);
CREATE TABLE validation_block (                     -- the spatial split; written once, when the first training starts
  block_row       INTEGER NOT NULL,
  block_col       INTEGER NOT NULL,
  block_px        INTEGER NOT NULL,
  PRIMARY KEY (block_row, block_col)
);
CREATE TABLE iteration (
  iteration       INTEGER PRIMARY KEY CHECK (iteration >= 1),
  opened_at       TIMESTAMP NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  opened_by       VARCHAR NOT NULL
);
CREATE TABLE iteration_close (                      -- written by converge
  iteration       INTEGER PRIMARY KEY REFERENCES iteration (iteration),
  closed_at       TIMESTAMP NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  closed_by       VARCHAR NOT NULL,
  converged       BOOLEAN NOT NULL,
  reason          VARCHAR NOT NULL,
  new_slumps      BIGINT NOT NULL
);
CREATE TABLE iteration_setting (                    -- every setting that the iteration used, as it was at its training
  iteration       INTEGER NOT NULL REFERENCES iteration (iteration),
  key             VARCHAR NOT NULL,
  value           JSON NOT NULL,
  PRIMARY KEY (iteration, key)
);
CREATE TABLE job (                                  -- a job never opens this file; its rows are collected from its folder
  job_id          INTEGER PRIMARY KEY,              -- the number that people type
  iteration       INTEGER NOT NULL REFERENCES iteration (iteration),
  verb            VARCHAR NOT NULL CHECK (verb IN ('train', 'infer')),
  folder          VARCHAR NOT NULL,                 -- jobs/<n>-<verb>, relative to the project
  request_sha256  VARCHAR NOT NULL,
  program         VARCHAR NOT NULL,
  created_at      TIMESTAMP NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  created_by      VARCHAR NOT NULL
);
CREATE TABLE job_collection (                       -- written in the transaction that took the job's results in
  job_id          INTEGER PRIMARY KEY REFERENCES job (job_id),
  collected_at    TIMESTAMP NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  detail          JSON NOT NULL
);
CREATE TABLE model (
  model_id        BIGINT PRIMARY KEY,
  job_id          INTEGER NOT NULL REFERENCES job (job_id),
  path            VARCHAR NOT NULL,                 -- models/<sha256>.safetensors
  sha256          VARCHAR NOT NULL,
  architecture    VARCHAR NOT NULL,
  encoder         VARCHAR NOT NULL,
  weights_origin  VARCHAR NOT NULL,                 -- package:lite0, file:..., hub:..., random
  weights_sha256  VARCHAR NOT NULL,
  training_sha256 VARCHAR NOT NULL,                 -- digest of the frozen training set
  scores          JSON NOT NULL,
  created_at      TIMESTAMP NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')
);
CREATE TABLE tile_outcome (
  job_id          INTEGER NOT NULL REFERENCES job (job_id),
  tile_id         BIGINT NOT NULL REFERENCES tile (tile_id),
  outcome         VARCHAR NOT NULL CHECK (outcome IN ('done', 'empty', 'skipped', 'failed')),
  outlines        INTEGER NOT NULL,
  valid_px        BIGINT NOT NULL,
  sha256          VARCHAR NOT NULL,
  seconds         DOUBLE NOT NULL,
  message         VARCHAR NOT NULL,
  PRIMARY KEY (job_id, tile_id)
);
CREATE TABLE slump (
  slump_id        BIGINT PRIMARY KEY,
  origin          VARCHAR NOT NULL CHECK (origin IN ('seed', 'found')),
  first_iteration INTEGER NOT NULL,                 -- 0 for seeds
  created_at      TIMESTAMP NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')
);
CREATE TABLE candidate (
  candidate_id    BIGINT PRIMARY KEY,
  job_id          INTEGER NOT NULL REFERENCES job (job_id),
  seq             INTEGER NOT NULL,                 -- place in the job's outlines: (job_id, seq) makes collecting twice harmless
  iteration       INTEGER NOT NULL,
  area_m2         DOUBLE NOT NULL CHECK (area_m2 > 0),
  perimeter_m     DOUBLE NOT NULL,
  lon             DOUBLE NOT NULL,
  lat             DOUBLE NOT NULL,
  score_mean      DOUBLE NOT NULL,
  score_max       DOUBLE NOT NULL,
  pixels          BIGINT NOT NULL,
  at_edge         BOOLEAN NOT NULL,                 -- beside missing imagery or on the border of the area
  relation        VARCHAR NOT NULL CHECK (relation IN ('new', 'same', 'split', 'merge')),   -- to the inventory, when collected
  relation_slump  BIGINT NOT NULL,                  -- the overlapped slump; 0 = none
  lineage         VARCHAR NOT NULL CHECK (lineage IN ('fresh', 'touching', 'partial', 'same', 'grown')),
  lineage_of      BIGINT NOT NULL,                  -- the earlier judged candidate; for 'same' its verdict stands; 0 = none
  lineage_slump   BIGINT NOT NULL,                  -- or the seed that it matches; 0 = none
  lineage_iou     DOUBLE NOT NULL,
  growth_m2       DOUBLE NOT NULL,
  tiles           VARCHAR NOT NULL,                 -- ids of its tiles, comma-joined
  minx            DOUBLE NOT NULL,
  miny            DOUBLE NOT NULL,
  maxx            DOUBLE NOT NULL,
  maxy            DOUBLE NOT NULL,
  geom            GEOMETRY('${crs}') NOT NULL,
  UNIQUE (job_id, seq)
);
CREATE TABLE candidate_distance (                   -- geodesic, to the nearest line of a source
  candidate_id    BIGINT NOT NULL,
  kind            VARCHAR NOT NULL,
  source_id       BIGINT NOT NULL,
  line_id         BIGINT NOT NULL,
  distance_m      DOUBLE NOT NULL CHECK (isfinite(distance_m) AND distance_m >= 0)
);
CREATE TABLE decision (                             -- append-only; the newest row of a candidate is its verdict, the older ones its history
  decision_id     BIGINT PRIMARY KEY,               -- the journal's seq: project-wide, without gaps
  candidate_id    BIGINT NOT NULL REFERENCES candidate (candidate_id),
  verdict         VARCHAR NOT NULL CHECK (verdict IN ('accept', 'reject', 'unsure', 'withdraw')),
  reason          VARCHAR NOT NULL,
  note            VARCHAR NOT NULL,
  analyst         VARCHAR NOT NULL,
  decided_at      TIMESTAMP NOT NULL,
  act             VARCHAR NOT NULL CHECK (act IN ('say', 'amend', 'undo', 'redo')),
  undoes          BIGINT NOT NULL                   -- the decision that an amendment, undo or redo replaces; 0 = none
);
CREATE TABLE journal_mark (                         -- how far each journal file is contained in this database
  analyst         VARCHAR PRIMARY KEY,
  size_bytes      BIGINT NOT NULL,
  last_sha256     VARCHAR NOT NULL
);
CREATE TABLE slump_outline (                        -- one row per sighting or edit; a row counts only while its candidate is accepted
  outline_id      BIGINT PRIMARY KEY,
  slump_id        BIGINT NOT NULL REFERENCES slump (slump_id),
  iteration       INTEGER NOT NULL,
  candidate_id    BIGINT REFERENCES candidate (candidate_id),    -- NULL: a seed or a drawing
  relation        VARCHAR NOT NULL CHECK (relation IN ('seed', 'new', 'same', 'part', 'edit', 'retired')),   -- part: evidence, outline unchanged
  geom_source     VARCHAR NOT NULL CHECK (geom_source IN ('model', 'model_edited', 'manual', 'import')),
  area_m2         DOUBLE NOT NULL,
  perimeter_m     DOUBLE NOT NULL,
  lon             DOUBLE NOT NULL,
  lat             DOUBLE NOT NULL,
  minx            DOUBLE NOT NULL,
  miny            DOUBLE NOT NULL,
  maxx            DOUBLE NOT NULL,
  maxy            DOUBLE NOT NULL,
  geom            GEOMETRY('${crs}') NOT NULL,
  added_at        TIMESTAMP NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  added_by        VARCHAR NOT NULL
);
CREATE TABLE outline_distance (                     -- geodesic; outline and source never change, so a row never goes stale
  outline_id      BIGINT NOT NULL REFERENCES slump_outline (outline_id),
  kind            VARCHAR NOT NULL,
  source_id       BIGINT NOT NULL REFERENCES source (source_id),
  line_id         BIGINT NOT NULL,
  distance_m      DOUBLE NOT NULL CHECK (isfinite(distance_m) AND distance_m >= 0),
  PRIMARY KEY (outline_id, kind, source_id)
);
CREATE TABLE label (
  label_id        BIGINT PRIMARY KEY,
  source_id       BIGINT REFERENCES source (source_id),
  slump_id        BIGINT,                           -- positives: the slump whose outline it is
  outline_id      BIGINT,
  candidate_id    BIGINT REFERENCES candidate (candidate_id),    -- a rejected candidate that became a negative
  polarity        VARCHAR NOT NULL CHECK (polarity IN ('positive', 'negative')),
  origin          VARCHAR NOT NULL CHECK (origin IN ('seed', 'given', 'accepted', 'rejected')),
  reason          VARCHAR NOT NULL,
  from_iteration  INTEGER NOT NULL,
  until_iteration INTEGER,                          -- first iteration that no longer uses it
  area_m2         DOUBLE NOT NULL,
  geom            GEOMETRY('${crs}') NOT NULL,
  added_at        TIMESTAMP NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  added_by        VARCHAR NOT NULL
);
