"""The receiver: takes the provider's Cancels, puts them on the queue, waits and answers."""
