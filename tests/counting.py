"""What this process has counted, for tests of parts that run in it."""

from prometheus_client import REGISTRY


def counted(name: str, **labels: str) -> float:
    """The metric's value now; 0 if what the labels say has never happened."""
    return REGISTRY.get_sample_value(name, labels) or 0.0
