"""A synthetic corridor with known truth, for the demo and the tests; it says that it is synthetic.

May import imagery, vectors, geometry, domain.
"""
