"""An operator's wallet service on PostgreSQL, with the one endpoint that Unbet asks. It knows
nothing of Unbet; copy it, and put your own tables in place of these."""
