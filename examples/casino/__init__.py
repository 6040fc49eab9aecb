"""What the examples of operators' wallets have in common: their casino, which knows nothing of
Unbet. Copy it with the wallet that you begin with."""
