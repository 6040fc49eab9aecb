"""What receiver, worker and ledger agree on; imports nothing of ours."""
