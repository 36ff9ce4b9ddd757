"""Tiles -> probabilities -> outlines, resumed by finished tile.

Imports torch through learning; may import learning, imagery, geometry, jobs (a search reads its
folder and reports to it) and domain.
"""
