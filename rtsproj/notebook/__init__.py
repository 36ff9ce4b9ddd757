"""Python access for notebooks: ``import rtsproj as rts; p = rts.open("…")``.

The fourth entry point beside the command line, the terminal UI and the worker: tables come as data
frames (extra ``notebook``), verbs return the workflow's dataclasses.
"""
