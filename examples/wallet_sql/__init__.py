"""An operator's own wallet in PostgreSQL, with the function that Unbet calls. Copy it, and put your
own tables in place of these."""
