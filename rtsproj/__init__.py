"""Map every retrogressive thaw slump of a permafrost region, iteration by iteration."""

__version__ = "0.1.0"
