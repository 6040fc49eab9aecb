"""The operator's own wallet, behind a function of theirs in the journal's database."""
