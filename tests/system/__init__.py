"""The real processes, spoken to over HTTP, the command line and the database only."""
