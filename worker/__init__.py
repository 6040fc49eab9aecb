"""The Celery worker: takes groups of cancels from the queue and has the ledger decide them."""
