"""Benchmarks run as a worker does: with its allocator, and with threads that sleep when idle."""

import os
import sys

import pytest

from rtsproj.jobs.launch import worker_environment


def pytest_configure(config: pytest.Config) -> None:
    """Start again where the environment is another: libraries read it when they are loaded."""
    wanted = worker_environment(os.environ)
    if config.getoption("markexpr") != "bench" or wanted == dict(os.environ):
        return
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.stop_global_capturing()
    words = [sys.executable, "-m", "pytest", *config.invocation_params.args]
    os.execve(sys.executable, words, wanted)  # noqa: S606  the same program
