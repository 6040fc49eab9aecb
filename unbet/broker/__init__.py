"""Redis and kombu: how a group gets to a worker."""
