"""One module per verb; the only caller of store; returns frozen dataclasses for both doors."""
