"""Open scenes safely, read windows of the project grid, normalise, preview chips.

The only room that imports rasterio; may import geometry, domain. Importing any of its modules sets
GDAL up first, so that no module can import rasterio unguarded.
"""

from rtsproj.imagery.gdal import prepare

prepare()
