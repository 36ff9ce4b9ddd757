"""Inventory, proximity, exports: data -> dataclass -> text or file.

May import vectors, geometry, statistics, domain; matplotlib only here.
"""
