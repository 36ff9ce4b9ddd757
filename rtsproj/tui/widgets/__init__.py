"""Widgets: they get plain dataclasses, speak upwards by messages, know no database."""
