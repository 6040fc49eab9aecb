"""The subcommands of `unbet`, one file for each group."""
