"""Grid, outlines, lineage, geodesic measures: total functions on shapely geometries.

pyproj only here; shapely values may travel through other rooms. May import domain.
"""
