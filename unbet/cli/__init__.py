"""The command line `unbet`."""
