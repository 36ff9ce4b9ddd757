"""The one door from the screens to the workflow: a part per concern, called in threads.

Handlers of screens never call it directly: a thread worker does, and hands the answer back.
"""
