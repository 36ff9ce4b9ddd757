"""Values and rules of the method: scenes, tiles, labels, candidates, decisions, convergence.

Standard library only, so that every room may use it and no rule depends on a file or a clock.
"""
