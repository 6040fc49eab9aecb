"""The Unix user of a server when we are root: PostgreSQL refuses to run as root."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from unbet.local.services.errors import ServicesError

NAME: Final = (
    "nobody"  # on every Unix system: making an account of our own would change the machine
)


@dataclass(frozen=True)
class UnixUser:
    """Numbers for a child process; both None means the account that we run under ourselves."""

    uid: int | None = None
    gid: int | None = None

    @classmethod
    def unprivileged(cls) -> Self:
        """Ourselves, or `nobody` if we are root."""
        if os.geteuid() != 0:
            return cls()
        try:
            nobody = pwd.getpwnam(NAME)
        except KeyError:
            raise ServicesError(
                f"PostgreSQL refuses to run as root and there is no account `{NAME}` to run it "
                "under; start Unbet as a normal user"
            ) from None
        return cls(nobody.pw_uid, nobody.pw_gid)

    def for_subprocess(self) -> dict[str, Any]:
        """The arguments of `subprocess.run` that make a child run under this account."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give `path` and all in it to this account, also when it was copied here by root."""
        if self.uid is None or self.gid is None or path.lstat().st_uid == self.uid:
            return
        # The top comes last: as long as it is not ours, an interrupted change is made again.
        for part in [*path.rglob("*"), path]:
            os.chown(part, self.uid, self.gid, follow_symlinks=False)

    def open_way_to(self, *directories: Path) -> list[Path]:
        """Let others pass through (o+x, not read) the directories above; returns those changed."""
        if self.uid is None:
            return []
        above = {parent for directory in directories for parent in directory.resolve().parents}
        return [path for path in sorted(above) if _allow(path, stat.S_IXOTH)]

    def open_for_reading(self, *directories: Path) -> list[Path]:
        """Let others read all that is in `directories`: pip under umask 077 installs for one user
        only. Returns those of `directories` in which something was changed."""
        if self.uid is None:
            return []
        there = [top for top in directories if top.exists()]
        return [top for top in there if sum(map(_allow_reading, [top, *top.rglob("*")]))]


def _allow_reading(path: Path) -> bool:
    executable = path.stat().st_mode & stat.S_IXUSR
    return _allow(path, stat.S_IROTH | (stat.S_IXOTH if executable else 0))


def _allow(path: Path, bits: int) -> bool:
    mode = path.stat().st_mode
    if mode & bits == bits:
        return False
    path.chmod(stat.S_IMODE(mode) | bits)
    return True
