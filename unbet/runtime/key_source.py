"""Where a secret or a key is, for whoever configures it by reference: in an environment variable or
in a file. No error shows what was read."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import (
    BaseModel,
    ConfigDict,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

MAX_KEY_BYTES: Final = 64 * 1024
_FORM: Final = 'expected {"env": "NAME"} or {"file": "/path"}'

# What is no name may be the secret itself, put in the wrong place: no error shows it.
_EnvName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,254}$")]
_FileName = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,1024}$")]


class KeySource(BaseModel):
    """One environment variable or one file. A relative path begins where the file lies that names
    it; in a variable's value at the working directory."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    env: _EnvName | None = None
    file: _FileName | None = None

    @model_validator(mode="before")
    @classmethod
    def _is_a_reference(cls, value: Any) -> Any:
        if not isinstance(value, Mapping | KeySource) or (
            isinstance(value, Mapping) and not value.keys() <= cls.model_fields.keys()
        ):
            raise ValueError(_FORM)
        return value

    @field_validator("file")
    @classmethod
    def _beside(cls, file: str | None, info: ValidationInfo) -> str | None:
        directory = (info.context or {}).get("directory")
        return file if file is None or directory is None else str(Path(directory) / file)

    @model_validator(mode="after")
    def _one_of_them(self) -> "KeySource":
        if (self.env is None) == (self.file is None):
            raise ValueError(_FORM)
        return self

    def read(self) -> str:
        """What is there, without white space at its ends. Raises `ValueError` that names the
        source."""
        try:
            text = os.environ[self.env] if self.env else read_text(self.file or "", MAX_KEY_BYTES)
        except KeyError:
            raise ValueError(f"{self}: it is not set") from None
        except ValueError as error:
            raise ValueError(f"{self}: {error}") from None
        return text.strip()

    def __str__(self) -> str:
        return f"env {self.env}" if self.env else f"file {self.file}"


def read_text(path: str | Path, max_bytes: int) -> str:
    """The text of a regular file that is no longer than that. Raises `ValueError`, which does not
    name it."""
    try:
        # Waits for no writer of a pipe.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ValueError("it is not a regular file")
            with open(descriptor, "rb", closefd=False) as file:
                content = file.read(max_bytes + 1)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise ValueError(error.strerror or "it cannot be read") from None
    if len(content) > max_bytes:
        raise ValueError(f"it is longer than {max_bytes // 1024} KiB")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
