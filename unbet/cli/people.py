"""The name of the person at the command line, for the record."""

import getpass
import os


def login() -> str:
    """The person's, also behind `sudo`."""
    return os.environ.get("SUDO_USER") or getpass.getuser()
