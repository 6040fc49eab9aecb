"""The console: it shows whether cancels get through, and lets a person decide what is parked."""
