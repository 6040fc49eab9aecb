"""The chaos run: a whole Unbet under load and under faults, and an independent check of what became
of every cancel (promises P1 to P6)."""
