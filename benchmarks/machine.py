"""The machine of a result: a number without its machine says nothing."""

import os
import platform
import subprocess
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import Engine, text

from benchmarks.baselines import TUNING
from benchmarks.environment import TUNABLE
from unbet.local.processes import ROOT
from unbet.runtime.settings import Settings


def facts(engine: Engine) -> dict[str, Any]:
    """Machine, versions, commit and settings; `engine` is one on the ledger."""
    with engine.connect() as connection:
        server = connection.execute(text("SHOW server_version")).scalar_one()
        durability = {
            name: connection.execute(text(f"SHOW {name}")).scalar_one()
            for name in ("fsync", "synchronous_commit", "full_page_writes", "shared_buffers")
        }
    defaults = Settings.model_fields
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _git("rev-parse", "HEAD"),
        "changed_files": len(_git("status", "--porcelain").splitlines()),
        "cpu": _cpu(),
        "cores": psutil.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "postgresql": server,
        "postgresql_settings": durability,
        "celery": version("celery"),
        "uvicorn": version("uvicorn"),
        **{
            name: os.environ.get(f"UNBET_{name.upper()}", defaults[name].default)
            for name in TUNABLE
        },
        "baselines": TUNING,
    }


def _git(*arguments: str) -> str:
    """What git says; nothing where there is no git or no repository."""
    with suppress(FileNotFoundError):
        ran = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
        return ran.stdout.strip()
    return ""


def _cpu() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()
