"""The wire format of a group and its reply: one signed JSON document each; the message's is
compressed.

Version 2 names its deployment; version 3 has no provider's fields in its cancels; version 4 knows
requests that ask for several bets or leave fields out, and says which decisions are repeated. A
reader accepts the older versions as well: an installation may have them on the queue during an
update. The signature means that write access to Redis is no write access to money or to answers.
"""

import base64
import hmac
import re
import zlib
from collections.abc import Sequence
from typing import Any, Final, TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError

from unbet.core.message import Group, Reply
from unbet.core.older import OldGroup

MIN_KEY_LENGTH: Final = 32
"""Characters."""

_GROUP: Final = "unbet group"
_REPLY: Final = "unbet reply"
_DIGEST: Final = "sha256"
_SEPARATOR: Final = ":"

_TODAY: Final = re.compile(rb'\{\s*"version":\s*[34]\b')

Document = TypeVar("Document", Group, OldGroup, Reply)


class SignatureError(Exception):
    """A document that none of the keys has signed for this purpose."""


class MessageError(Exception):
    """A message or reply that is not of this version's form."""


class ForeignError(MessageError):
    """A message or reply of another deployment: not to be decided, nor answered from, here."""


class Keys:
    """The keys shared by receivers and workers: the first signs, all verify.

    To replace one, give the new one to all processes as a further key, then as the first one, then
    take the old one away.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise ValueError("signing needs a key")
        self._keys = [key.encode() for key in keys]

    def sign(self, purpose: str, document: str) -> str:
        """`document` with its signature before it. What is signed for one `purpose` is not for
        another."""
        return f"{_mac(self._keys[0], purpose, document)}{_SEPARATOR}{document}"

    def verify(self, purpose: str, signed: str) -> str:
        """The document of `signed`. Raises `SignatureError`."""
        mac, _, document = signed.partition(_SEPARATOR)
        given = mac.encode(errors="replace")
        found = False
        for key in self._keys:
            found |= hmac.compare_digest(_mac(key, purpose, document).encode(), given)
        if not found:
            raise SignatureError(f"not signed by any of {len(self._keys)} keys")
        return document


def encode_group(group: Group, keys: Keys) -> str:
    """A message: JSON, deflated, base64, signed. Every hop on its way copies it or puts it into
    quotes again, and it is an eighth of the size this way."""
    packed = zlib.compress(_text_of(group).encode(), level=1)
    return keys.sign(_GROUP, base64.b64encode(packed).decode())


def decode_group(message: object, keys: Keys, deployment: UUID | None = None) -> Group:
    """Read a message, whatever came as one. Raises `SignatureError` before anything of a text is
    looked at, `MessageError` if it is no group of version 1 to 4, and `ForeignError` if it says
    that it is of another deployment than `deployment`."""
    packed = keys.verify(_GROUP, _require_text(message))
    try:
        document = zlib.decompress(base64.b64decode(packed, validate=True))
    except (ValueError, zlib.error) as error:
        raise MessageError(f"{_wrong(Group)}: {error}") from None
    if _TODAY.match(document):
        return _decode(Group, document, deployment)
    return _decode(OldGroup, document, deployment).today()


def encode_reply(reply: Reply, keys: Keys) -> str:
    """A reply: JSON, signed."""
    return keys.sign(_REPLY, _text_of(reply))


def decode_reply(document: object, keys: Keys, deployment: UUID | None = None) -> Reply:
    """Read a reply, whatever came as one. Raises as `decode_group`."""
    signed = document.decode(errors="replace") if isinstance(document, bytes) else document
    return _decode(Reply, keys.verify(_REPLY, _require_text(signed)), deployment)


def _text_of(document: Group | Reply) -> str:
    # A reader of version 1, or an older one of this, refuses fields that it does not know.
    left_out = {"deployment"} if document.version == 1 else set()
    if isinstance(document, Group):
        left_out |= {name for name in ("wallets", "dry_run") if not getattr(document, name)}
    if isinstance(document, Reply) and document.version < 4:
        not_known: dict[str, Any] = {"decisions": {"__all__": {"replayed"}}}
        return document.model_dump_json(exclude=not_known | dict.fromkeys(left_out, True))
    return document.model_dump_json(exclude=left_out)


def _require_text(found: object) -> str:
    if not isinstance(found, str):
        raise MessageError(f"not a text, but a {type(found).__name__}")
    return found


def _decode(kind: type[Document], text: str | bytes, deployment: UUID | None) -> Document:
    try:
        read = kind.model_validate_json(text)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, f['loc']))}: {f['msg']}" for f in error.errors())
        raise MessageError(f"{_wrong(kind)}: {faults}") from None
    if (read.version == 1) != (read.deployment is None):
        raise MessageError(f"{_wrong(kind)}: all but version 1 name their deployment")
    if deployment is not None and read.deployment not in (None, deployment):
        raise ForeignError(f"of deployment {read.deployment}, not of {deployment}")
    return read


def _wrong(kind: type[BaseModel]) -> str:
    return f"not a {'reply' if kind is Reply else 'group'} of version 1 to 4"


def _mac(key: bytes, purpose: str, document: str) -> str:
    content = f"{purpose}\0{document}".encode(errors="surrogatepass")
    return hmac.digest(key, content, _DIGEST).hex()
