"""Cancels that the ledger could not take, on the receiver's disk until it can."""

from api.spool.directory import Batches, Spool, SpoolError, SpoolState

__all__ = ["Batches", "Spool", "SpoolError", "SpoolState"]
