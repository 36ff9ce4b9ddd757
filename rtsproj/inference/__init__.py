"""Tiles -> probabilities -> outlines, resumed by finished tile. Imports torch through learning."""
