"""Append-only, fsynced, hash-chained line files: the decisions of each analyst.

May import errors. The journal is written before the database commits (faults 5).
"""
