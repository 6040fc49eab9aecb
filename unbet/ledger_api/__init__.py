"""The built-in ledger's operations over HTTP, for operators who do not write Python."""
