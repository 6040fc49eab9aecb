"""`make bench`: Unbet and its baselines under the same load, in the same ledger, on one machine."""
