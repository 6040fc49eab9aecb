"""Start Flower on the port of the settings: `python -m ops.flower`."""

import os
import sys

from contract.settings import SettingsError, settings


def main() -> None:
    """Become Flower. Its own settings, the password among them, travel in its environment,
    where a list of processes does not show them."""
    try:
        chosen = settings()
    except SettingsError as error:
        sys.exit(f"Flower does not start: {error}")
    own = {
        "FLOWER_ADDRESS": "127.0.0.1",
        "FLOWER_PORT": str(chosen.flower_port),
        # What is looked for first: which references, with what outcome, on which worker.
        "FLOWER_TASKS_COLUMNS": "name,args,state,result,received,runtime,worker,uuid",
    }
    if chosen.flower_basic_auth is not None:
        own["FLOWER_BASIC_AUTH"] = chosen.flower_basic_auth.get_secret_value()
    command = [sys.executable, "-m", "celery", "--app", "worker.app", "flower"]
    os.execve(sys.executable, command, os.environ | own)  # noqa: S606


if __name__ == "__main__":
    main()
