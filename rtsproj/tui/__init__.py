"""The terminal UI: app, screens, widgets, pictures, terminal. Calls workflow in thread workers."""
