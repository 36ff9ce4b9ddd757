"""The vector library's own GDAL, set up before its first import (faults 7.1).

A file of another format renamed .geojson would otherwise be opened by a driver that follows paths
or sends requests.
"""

import os

SKIP = (
    "ADBC,AIVector,AVCBin,AVCE00,AmigoCloud,CSW,Carto,DGN,DXF,EDIGEO,EEDA,ESRIJSON,Elasticsearch,"
    "GDALG,GML,GPSBabel,GPX,GTFS,GeoRSS,HTTP,Idrisi,JML,JSONFG,KML,LIBKML,LVBAG,MBTiles,MVT,"
    "MapInfo File,MapML,MiraMonVector,NGW,OAPIF,ODS,OGCAPI,OGR_GMT,OGR_PDS,OGR_VRT,OSM,"
    "OpenFileGDB,PCIDSK,PDF,PDS4,PGDUMP,PLSCENES,PMTiles,S57,SQLite,SXF,Selafin,TopoJSON,VDV,VFK,"
    "VICAR,WAsP,WFS,XLSX"
)
ALLOWED = frozenset(
    {"CSV", "ESRI Shapefile", "FlatGeobuf", "GPKG", "GeoJSON", "GeoJSONSeq", "MEM", "Memory"}
)
QUIET = {"CPL_VSIL_CURL_ALLOWED_FILENAME": "none", "CPL_LOG": os.devnull}


def prepare() -> None:
    """Import pyogrio with the skip list in place, then check what is left."""
    os.environ.update(QUIET)
    before = os.environ.get("OGR_SKIP")
    os.environ["OGR_SKIP"] = SKIP
    import pyogrio  # noqa: PLC0415 - only now does the environment hold what it reads at import

    left = set(pyogrio.list_drivers())
    if before is None:
        del os.environ["OGR_SKIP"]
    else:
        os.environ["OGR_SKIP"] = before
    surplus = left - ALLOWED
    if surplus:
        raise ImportError(f"vector drivers beyond the allowed ones: {', '.join(sorted(surplus))}")
