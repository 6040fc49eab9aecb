"""The wallets that a run can have: who takes the bets, what runs beside Unbet, and which rows the
checker judges by."""
