"""The job folder: request, launch detached, heartbeat, events, stop, resume.

The only room that starts processes; may import journal, domain.
"""
