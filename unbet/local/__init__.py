"""PostgreSQL, Redis and all processes on one machine: `unbet run`."""
