"""Screens: a file each; widgets report to them by messages, work runs in threads."""
