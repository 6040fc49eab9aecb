"""Cancels that the ledger could not take, on the receiver's disk until it can."""

from unbet.spool.directory import Spool, SpoolError, SpoolState
from unbet.spool.taking import Batches

__all__ = ["Batches", "Spool", "SpoolError", "SpoolState"]
