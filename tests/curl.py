"""What a shell makes of a printed command of curl; curl itself need not be there."""

import subprocess


def expanded(command: str, variables: dict[str, str]) -> list[str]:
    """The arguments that a shell makes of a command of curl."""
    script = f"curl() {{ for each; do printf '%s\\0' \"$each\"; done; }}\n{command}"
    ran = subprocess.run(["sh", "-c", script], env=variables, capture_output=True, check=True)
    return ran.stdout.decode().split("\0")[:-1]
