"""Behind a real PgBouncer (apt-get install pgbouncer)."""
