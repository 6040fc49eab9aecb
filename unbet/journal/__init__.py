"""What Unbet itself remembers, and every query on it."""
