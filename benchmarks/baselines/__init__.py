"""The baselines: the same server and the same ledger work, with another way between them."""
