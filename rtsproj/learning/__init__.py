"""Network, samples, losses, training loop, checkpoints.

The only room beside inference that imports torch; may import imagery, geometry, statistics, jobs
(a training reads its folder and reports to it) and domain.
"""
