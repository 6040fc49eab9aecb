"""The console: it shows whether cancels get through, and a person decides there what is parked."""
