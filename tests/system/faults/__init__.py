"""Systems on a PostgreSQL and a Redis of their own, which their tests ill-treat."""
