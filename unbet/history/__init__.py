"""The history of one reference."""
