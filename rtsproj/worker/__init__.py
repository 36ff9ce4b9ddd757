"""Runs one job folder; never sees the database.

``python -m rtsproj.worker FOLDER`` by the desk's launch, by hand or by a batch scheduler. May
import jobs, inference, learning, imagery, domain.
"""
