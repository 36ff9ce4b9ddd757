"""Open scenes safely, read windows of the project grid, normalise, preview chips.

The only room that imports rasterio; may import geometry, domain.
"""
