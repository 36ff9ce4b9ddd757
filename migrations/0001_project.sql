-- Facts of the project that never change once set: name, created_at, created_by, project_uuid; later crs, pixel_m, origin_x,
-- origin_y, bands, scaling. Every TIMESTAMP of this database is UTC.
CREATE TABLE project_fact (
  key             VARCHAR PRIMARY KEY,
  value           VARCHAR NOT NULL
);
