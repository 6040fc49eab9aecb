"""PostgreSQL: sessions, deadlines, faults, migrations, rights."""
