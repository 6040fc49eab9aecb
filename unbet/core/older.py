"""The forms in which versions 1 and 2 wrote cancels: in messages, parked rows and spool files. They
are read, but no longer written."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from unbet.core.fields import Currency, Reference, RequestName, UserId
from unbet.core.message import Cancel, Group


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _OldRequest(BaseModel):
    """Lucky Monaco's fields; those of the game were read by nobody."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    player: Annotated[UserId, Field(alias="user_id")]
    currency: Currency
    reference: Reference
    uuid: RequestName


class _OldCancel(_Frozen):
    request_id: UUID
    received_at: datetime
    received_from: str
    provider: str
    dialect: str
    request: _OldRequest
    body: str

    def today(self) -> Cancel:
        return Cancel(**self.model_dump(exclude={"request"}), **self.request.model_dump())


class OldGroup(_Frozen):
    """A message of version 1 or 2."""

    version: Literal[1, 2] = 1
    deployment: UUID | None = None
    reply_to: str
    cancels: tuple[_OldCancel, ...]

    def today(self) -> Group:
        """The same; its version stays, because the reply is written in it."""
        cancels = tuple(cancel.today() for cancel in self.cancels)
        return Group(**self.model_dump(exclude={"cancels"}), cancels=cancels)


def read_cancel(document: str | bytes) -> Cancel:
    """A cancel as a parked row or a spool file has it, of any version. Raises `ValidationError`."""
    try:
        return Cancel.model_validate_json(document)
    except ValidationError as error:
        try:
            return _OldCancel.model_validate_json(document).today()
        except ValidationError:
            raise error from None


def fields_in(document: str) -> dict[str, Any]:
    """What a parked cancel of any version says, by today's names, though it cannot be read as a
    whole; empty where it says nothing."""
    try:
        found = from_json(document)
    except ValueError:
        return {}
    match found:
        case {"request": dict(request)} if request:
            return request | {"player": request.get("user_id")}
        case dict():
            return found
    return {}
