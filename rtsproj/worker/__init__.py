"""Runs one job folder; never sees the database.

``python -m rtsproj.worker FOLDER`` by the desk's launch, by hand or by a batch scheduler;
``torchrun --nproc-per-node N -m rtsproj.worker FOLDER`` for a training by several processes (see
learning.ranks). May import jobs, inference, learning, imagery, domain.
"""
