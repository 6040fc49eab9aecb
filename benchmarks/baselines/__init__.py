"""What a user would write instead: the same server, the same ledger work, another way between."""
