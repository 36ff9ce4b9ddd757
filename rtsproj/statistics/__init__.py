"""Metrics of masks and outlines, exact intervals: numpy only. May import domain."""
