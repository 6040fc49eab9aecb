"""Requests read a second time, by other readers than the receiver's; and where each dialect has its
values."""

import json
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal, DecimalException
from typing import Any, Final, NamedTuple
from urllib.parse import unquote_to_bytes
from xml.dom import minidom
from xml.parsers.expat import ExpatError

from tests.fuzz.rules import is_blank_or_has_nul, is_text


class Paths(NamedTuple):
    """Where a request has what. `[]` stands for each item of a list."""

    reference: str
    uuid: str | None = None
    player: str | None = None
    currency: str | None = None
    amount: str | None = None


PATHS: Final = {
    "bgaming": Paths("actions[].original_action_id", "actions[].action_id", "user_id", "currency"),
    "hub88": Paths("reference_transaction_uuid", "transaction_uuid", "user"),
    "caleta": Paths("reference_transaction_uuid", "transaction_uuid", "user"),
    "pragmatic": Paths("reference", None, "userId", amount="amount"),
    "evolution": Paths(
        "transaction.refId", "transaction.id", "userId", "currency", "transaction.amount"
    ),
    "gitslotpark": Paths("transactionID", None, "userID"),
    "groove": Paths("transactionid", None, "accountid", amount="rollbackAmount"),
    "xml-of-tests": Paths("transactionId", None, "externalId", "currency", "real"),
}
"""By dialect; as the providers' documents have it."""

READ: Final = {
    "pragmatic": frozenset({"userId", "reference", "amount"}),
    "groove": frozenset({"request", "accountid", "transactionid", "rollbackAmount"}),
}
"""The fields of a form that must not be there twice with different values; all of others' forms."""

MAX_LENGTH: Final = 255
"""Of a name: characters."""


class UnreadableError(Exception):
    """It is of another form."""


def read_again(content: bytes, form: str, dialect: str = "") -> dict[str, Any]:
    """What `content` says, in the form of that dialect. Raises `UnreadableError`."""
    try:
        text = content.decode()
        match form:
            case "JSON":
                return _json(text.removeprefix("\ufeff"))
            case "XML":
                return _xml(text)
            case _:
                return _form(text, READ.get(dialect))
    except (ValueError, LookupError, RecursionError, ExpatError, DecimalException) as error:
        raise UnreadableError from error


def found_at(document: Any, path: str) -> list[Any]:
    """The values at `path`, of which each `[]` may have several; nothing where there is none."""
    values = [document]
    for name in re.findall(r"[^.\[\]]+|\[\]|\[\d+\]", path):
        values = [inner for value in values for inner in _inside(value, name)]
    return values


def names_at(document: Any, path: str) -> list[str | None]:
    """What a request calls itself, or each of its bets, at `path`; None where that is no name."""
    place, _, name = path.rpartition(".")
    holders = found_at(document, place) if place else [document]
    return [_name(holder.get(name)) for holder in holders]


def _name(value: object) -> str | None:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    is_one = is_text(text) and len(str(text)) <= MAX_LENGTH and not is_blank_or_has_nul(str(text))
    return str(text) if is_one else None


def _inside(value: Any, name: str) -> Sequence[Any]:
    if name.startswith("["):
        items = value if isinstance(value, list) else []
        return items if name == "[]" else items[int(name[1:-1]) :][:1]
    return [value[name]] if isinstance(value, dict) and name in value else []


def _json(text: str) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in pairs}) < len(pairs):
            raise ValueError("a name is there twice")
        return dict(pairs)

    def refused(_: str) -> None:
        raise ValueError("no JSON")

    document = json.loads(text, object_pairs_hook=once, parse_float=_exact, parse_constant=refused)
    if not isinstance(document, dict):
        raise ValueError("no object")
    return document


def _exact(digits: str) -> Decimal | float:
    try:
        return Decimal(digits)
    except DecimalException:
        return float(digits)


def _form(text: str, read: frozenset[str] | None) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for pair in filter(None, text.split("&")):
        name, value = (
            unquote_to_bytes(part.replace("+", " ")).decode(errors="surrogateescape")
            for part in pair.partition("=")[::2]
        )
        if document.setdefault(name, value) != value and (read is None or name in read):
            raise ValueError("a name is there twice")
    return document


def _xml(text: str) -> dict[str, Any]:
    if "\0" in text:  # UTF-16, which no body is
        raise ValueError("it has a NUL")
    if re.search(
        "<!DOCTYPE|<!ENTITY", re.sub(r"<!\[CDATA\[.*?\]\]>|<!--.*?-->", "", text, flags=re.S)
    ):
        raise ValueError("it has a DTD")
    # Text has no encoding any more.
    declared = re.sub(r'^(\ufeff?<\?xml[^>]*? encoding=")[A-Za-z][\w.-]*"', r'\1utf-8"', text)
    document = _value(minidom.parseString(declared.encode()).documentElement)  # noqa: S318 - no DTD is left
    if not isinstance(document, dict):
        raise ValueError("it has no elements")
    return document


def _value(node: Any) -> Any:
    elements = [one for one in node.childNodes if one.nodeType == one.ELEMENT_NODE]
    if not elements:
        return "".join(_texts(node)).strip(" \t\r\n")
    document: dict[str, Any] = {}
    for one in elements:
        name = f"{{{one.namespaceURI}}}{one.localName}" if one.namespaceURI else one.tagName
        document.setdefault(name, []).append(_value(one))
    return {name: ones[0] if len(ones) == 1 else ones for name, ones in document.items()}


def _texts(node: Any) -> Iterator[str]:
    for one in node.childNodes:
        if one.nodeType in (one.TEXT_NODE, one.CDATA_SECTION_NODE):
            yield one.data
