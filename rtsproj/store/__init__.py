"""The project database: migrations, transactions, one module per table family.

The only room that imports duckdb; only workflow calls it. May import geometry, journal, domain.
"""
