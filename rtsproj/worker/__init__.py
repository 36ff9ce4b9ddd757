"""Runs one job folder; never sees the database."""
