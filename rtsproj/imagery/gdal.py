"""GDAL's environment, set before rasterio's first import.

A VRT or WMS file renamed .tif would otherwise send requests or return the content of any local file
as pixels (measured with GDAL 3.10.3). Each GDAL reads its skip list once, when it registers its
drivers, so the list stands in the environment before rasterio is imported, and is taken away again
because the vector library carries a second GDAL that must not read it.
"""

import os

SKIP = """
AAIGrid ACE2 ADRG AIG AVCBin AVCE00 AirSAR BAG BIGGIF BLX BMP BSB BT BYN CALS CEOS COASP COSAR CPG
CTG CTable2 DAAS DERIVED DIMAP DIPEx DOQ1 DOQ2 DTED ECRGTOC EEDA EEDAI EHdr EIR ELAS ENVI ERS ESAT
ESRIC ESRIJSON FAST FIT GFF GIF GNMDatabase GNMFile GPKG GRASSASCIIGrid GRIB GS7BG GSAG GSBG GSC GTI
GTX GXF GenBin GeoJSON GeoJSONSeq HDF5 HDF5Image HF2 HFA HTTP ILWIS IRIS ISCE ISG ISIS2 ISIS3
JAXAPALSAR JDEM JPEG KMLSUPEROVERLAY KRO L1B LAN LCP LOSLAS Leveller MAP MBTiles MFF MFF2 MRF MSGN
MVT NDF NGSGEOID NITF NOAA_B NSIDCbin NTv2 NWT_GRC NWT_GRD OSM OZI PAux PCIDSK PCRaster PDF PDS PDS4
PLMOSAIC PNM PRF R RIK RMF ROI_PAC RPFTOC RRASTER RS2 RST Rasterlite S102 S104 S111 SAFE SAGA
SAR_CEOS SDTS SENTINEL2 SGI SIGDEM SNAP_TIFF SNODAS SQLite SRP SRTMHGT STACIT STACTA TGA TIL TSX
Terragen TopoJSON USGSDEM VICAR VRT WCS WEBP WMS WMTS XPM XYZ ZMap Zarr netCDF
"""
ALLOWED = frozenset({"COG", "ESRI Shapefile", "GTiff", "JP2OpenJPEG", "MEM", "Memory", "PNG"})
"""Drivers that may be left; a surplus one stops the program (an upgrade brings new ones)."""
QUIET = {
    "CPL_VSIL_CURL_ALLOWED_FILENAME": "none",
    "GDAL_PAM_ENABLED": "NO",
    "GDAL_VRT_ENABLE_PYTHON": "NO",
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_MAX_RAW_BLOCK_CACHE_SIZE": str(64 << 20),  # bytes a store is asked for at once
    "CPL_LOG": os.devnull,  # warnings on stderr would spoil a screen; errors come as exceptions
}


def prepare() -> None:
    """Import rasterio with the skip list in place, then check what is left."""
    os.environ.update(QUIET)
    before = os.environ.get("GDAL_SKIP")
    os.environ["GDAL_SKIP"] = " ".join(SKIP.split())
    import rasterio  # noqa: PLC0415 - only now does the environment hold what it reads at import

    with rasterio.Env() as env:
        left = set(env.drivers())
    if before is None:
        del os.environ["GDAL_SKIP"]
    else:
        os.environ["GDAL_SKIP"] = before
    surplus = left - ALLOWED
    if surplus:
        raise ImportError(f"GDAL drivers beyond the allowed ones: {', '.join(sorted(surplus))}")
