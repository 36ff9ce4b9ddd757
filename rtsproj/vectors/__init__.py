"""Read and write vector files safely.

The only room that imports pyogrio; may import geometry, domain. Importing any of its modules sets
its GDAL up first, so that no module can import pyogrio unguarded.
"""

from rtsproj.vectors.gdal import prepare

prepare()
