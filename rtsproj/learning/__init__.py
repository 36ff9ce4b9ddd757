"""Network, samples, losses, training loop, checkpoints.

The only room beside inference that imports torch; may import imagery, geometry, statistics, domain.
"""
