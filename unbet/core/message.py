"""The message that carries a group of cancels to a worker, and the reply that comes back.

Both are one signed JSON document each; the message's is packed. Version 2 names the deployment that
it is of. A reader takes version 1 as well, as its own: what an installation had on its way when it
was brought up to date.
"""

import base64
import zlib
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final, Literal, Self, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from unbet.core.fields import Currency, ProviderId, Reference, UserId, text
from unbet.core.outcomes import Outcome
from unbet.core.signing import Keys

QUEUE: Final = "cancels"
"""The queue's name; its key in the broker begins with the deployment's (`presence.py`)."""

TASK: Final = "unbet.cancel"
"""The task's name. The receiver sends by name, so that it need not import the worker."""

QUEUED_AT: Final = "unbet_oldest"
"""The message's header that says when it was put on the queue, in seconds since 1970 by the clock
of the Redis that carries it: no other clock is compared with it. In version 1 the same header
had the receipt of the oldest cancel, by its receiver's clock."""

_GROUP: Final = "unbet group"
_REPLY: Final = "unbet reply"

Document = TypeVar("Document", bound=BaseModel)


class MessageError(Exception):
    """A message or reply that is not of this version's form."""


class ForeignError(MessageError):
    """A message or reply of another deployment: not to be decided, nor answered from, here."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Document(_Frozen):
    version: Literal[1, 2] = 1
    deployment: UUID | None = None
    """Whose it is; version 1 does not say."""

    @model_validator(mode="after")
    def _is_of_its_version(self) -> Self:
        if (self.version == 1) != (self.deployment is None):
            raise ValueError("version 2 names its deployment, version 1 does not")
        return self

    def of(self, deployment: UUID, **changed: str) -> Self:
        """The same, as `deployment` sends it."""
        return self.model_copy(update={"version": 2, "deployment": deployment, **changed})

    def require_of(self, deployment: UUID) -> None:
        """Raises `ForeignError` if it says that it is of another deployment."""
        if self.deployment not in (None, deployment):
            raise ForeignError(f"of deployment {self.deployment}, not of {deployment}")

    def text(self) -> str:
        # A reader of version 1 refuses fields that it does not know.
        return self.model_dump_json(exclude={"deployment"} if self.deployment is None else None)


class CancelRequest(BaseModel):
    """The provider's fields, valid. Lengths and names: PROTOCOL, "The call"."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    user_id: UserId
    provider_id: ProviderId
    game_name: Annotated[str, text(32)]
    game_id: Annotated[str, text(32)]
    currency: Currency
    reference: Reference
    uuid: Annotated[str, text(36)]
    session_id: Annotated[str, text(256)]


class Cancel(_Frozen):
    """One request to cancel a bet, on its way to the ledger."""

    request_id: UUID
    """Ours; waits, replies and parked rows are keyed by it, never by the reference."""
    received_at: datetime
    """When the body's last byte was read, UTC."""
    received_from: str
    """The sender's address."""
    provider: str
    """The endpoint's provider id: the ledger's key, not the spelling in the body."""
    dialect: str
    """The endpoint's dialect: which form the answer takes."""
    request: CancelRequest
    body: str
    """The request as the provider sent it, unknown fields included."""


class Group(_Document):
    """The cancels that travel in one message, and where the reply goes."""

    reply_to: str
    """The Redis list of the receiver that waits."""
    cancels: tuple[Cancel, ...]


class Decision(_Frozen):
    """What the ledger says of one cancel: all that any dialect's answer needs."""

    request_id: UUID
    outcome: Outcome
    transfer_id: int | None = None
    """The reversal's transfer, if there is one."""
    currency: str | None = None
    """The bet's currency; the cancel's own where there is no bet."""
    cash: Decimal | None = None
    """The player's cash balance right after the first decision, in units of the currency."""


class Reply(_Document):
    """The decisions of one group, or of a part of it; in the version of its group."""

    decisions: tuple[Decision, ...]


def encode_group(group: Group, keys: Keys) -> str:
    """A message: JSON, deflated, base64, signed. Every hop on its way copies it or puts it into
    quotes again, and it is an eighth of the size this way."""
    packed = zlib.compress(group.text().encode(), level=1)
    return keys.sign(_GROUP, base64.b64encode(packed).decode())


def decode_group(message: object, keys: Keys) -> Group:
    """Read a message, whatever came as one. Raises `SignatureError` before anything of a text is
    looked at, and `MessageError` if it is no group of version 1 or 2."""
    packed = keys.verify(_GROUP, _text(message))
    try:
        document = zlib.decompress(base64.b64decode(packed, validate=True))
    except (ValueError, zlib.error) as error:
        raise MessageError(f"not a group of version 1 or 2: {error}") from None
    return _decode(Group, document)


def encode_reply(reply: Reply, keys: Keys) -> str:
    """A reply: JSON, signed."""
    return keys.sign(_REPLY, reply.text())


def decode_reply(document: object, keys: Keys) -> Reply:
    """Read a reply, whatever came as one. Raises `SignatureError` or, if it is no reply of
    version 1 or 2, `MessageError`."""
    signed = document.decode(errors="replace") if isinstance(document, bytes) else document
    return _decode(Reply, keys.verify(_REPLY, _text(signed)))


def _text(found: object) -> str:
    if not isinstance(found, str):
        raise MessageError(f"not a text, but a {type(found).__name__}")
    return found


def _decode(kind: type[Document], document: str | bytes) -> Document:
    try:
        return kind.model_validate_json(document)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, f['loc']))}: {f['msg']}" for f in error.errors())
        name = kind.__name__.lower()
        raise MessageError(f"not a {name} of version 1 or 2: {faults}") from None
