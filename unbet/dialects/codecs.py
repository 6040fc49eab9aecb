"""Forms of requests beside JSON, and amounts as answers have them."""

import re
from collections.abc import Container, Iterable, Mapping
from decimal import ROUND_05UP, Context, Decimal, DecimalException
from functools import partial
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import urlencode
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring
from pydantic import BaseModel, BeforeValidator

from unbet.core.fields import Amount
from unbet.dialects.body import Codec, text_of
from unbet.dialects.raw import (
    BadRequestError,
    Document,
    GivenTwiceError,
    RawRequest,
    pairs_of,
)

MAX_XML_DEPTH: Final = 16
_XML_SPACE: Final = " \t\r\n"
_NOT_IN_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_EXACT: Final = Context(prec=100)


_Item = TypeVar("_Item")

_NONE: Final = ("", "null")
"""A form, a query and XML have no other null."""

NO_STAKE: Final = Decimal("99999999999999999999.999999999999999999")
"""What an amount that cannot be read is taken for: the largest that is stored, and no bet's stake.
The amount is only a check, so that it fails, and the request is not refused for its form."""

_PLACES: Final = Decimal("1E-18")
_MAX_DIGITS: Final = 20
"""Before the point."""


def _sent(value: Any) -> Decimal | None:
    text = value.strip() if isinstance(value, str) else value
    if text is None or text in _NONE:
        return None
    amount = _finite(text)
    if amount is None or amount < 0 or (amount and amount.adjusted() >= _MAX_DIGITS):
        return NO_STAKE
    if not amount:
        return None
    # The last place is not rounded to 0 or 5: what is no shorter amount becomes none.
    return amount.quantize(_PLACES, ROUND_05UP, _EXACT).normalize(_EXACT)


def _finite(value: Any) -> Decimal | None:
    is_text = isinstance(value, str) and value.isascii() and "_" not in value
    if not is_text and type(value) not in (int, Decimal):
        return None
    try:
        amount = Decimal(value)
    except DecimalException:
        return None
    return amount if amount.is_finite() else None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


Several = Annotated[list[_Item], BeforeValidator(_listed)]
"""One or more: in XML one element alone is no list."""

SentAmount = Annotated[Amount | None, BeforeValidator(_sent)]
"""An amount that a request says, as text or as a number that no float has read, with or without an
exponent; None where it is 0, empty, or not there."""


def number(amount: Decimal, places: int) -> Decimal:
    """An amount of at most so many decimal places, cut off: a number in JSON, digits in XML. No
    float has it."""
    cut = Decimal(units(amount, places)).scaleb(-places, _EXACT)
    return cut.normalize(_EXACT)


def units(amount: Decimal, places: int) -> int:
    """An amount as a whole number of units of so many decimal places; the rest is cut off."""
    return int(amount.scaleb(places, _EXACT))


def _form(raw: RawRequest, names: Container[str]) -> Document:
    text_of(raw.body)
    return _single(pairs_of(raw.body), names)


def _query(raw: RawRequest, names: Container[str]) -> Document:
    try:
        text_of(raw.query)
    except BadRequestError:
        raise BadRequestError("the form is not readable") from None
    return _single(pairs_of(raw.query), names)


def _single(pairs: Iterable[tuple[str, str]], names: Container[str]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for name, value in pairs:
        if document.setdefault(name, value) != value and name in names:
            raise GivenTwiceError(name)
    return document


class _Any:
    def __contains__(self, _: object) -> bool:
        return True


def _names_of(request: type[BaseModel] | None) -> Container[str]:
    if request is None:
        return _Any()
    return {info.alias or name for name, info in request.model_fields.items()}


def _pairs(document: Document) -> bytes:
    return urlencode({name: _plain_text(value) for name, value in document.items()}).encode()


def form(request: type[BaseModel] | None = None) -> Codec:
    """A form. A name that is there twice with different values is refused: any, or of the fields of
    `request`. Of any other the first value counts."""
    decode = partial(_form, names=_names_of(request))
    return Codec("form", decode, request_type="application/x-www-form-urlencoded", write=_pairs)


def query(request: type[BaseModel] | None = None) -> Codec:
    """As `form`, of the URL's query."""
    decode = partial(_query, names=_names_of(request))
    return Codec("query", decode, request_type="", in_query=True, write=_pairs)


FORM: Final = form()
QUERY: Final = query()


def xml(root: str) -> Codec:
    """XML in `root`: an element with elements in it is an object, one that is there several times a
    list, any other its text. Attributes are not looked at. No entity and no DTD is accepted."""

    def decode(raw: RawRequest) -> Document:
        try:
            # As text: UTF-8, whatever the body declares. With a NUL expat takes it for UTF-16.
            text = text_of(raw.body)
            if "\0" in text:
                raise ValueError("XML has no NUL")
            element = fromstring(text, forbid_dtd=True)
        except (ParseError, DefusedXmlException, ValueError, LookupError):
            raise BadRequestError("the body is not XML") from None
        if element.tag != root:
            raise BadRequestError(f"the body is not the element {root}")
        document = _from_element(element, MAX_XML_DEPTH)
        if not isinstance(document, dict):
            raise BadRequestError(f"{root} has no elements")
        return document

    def encode(document: Any) -> bytes:
        written: bytes = tostring(_to_element(Element(root), document), encoding="utf-8")
        return written

    def read_answer(answer: bytes) -> Document:
        return decode(RawRequest(answer))

    return Codec("XML", decode, encode, read_answer, b"application/xml", "application/xml", encode)


def _from_element(element: Element, depth: int) -> Any:
    if len(element) == 0:
        return (element.text or "").strip(_XML_SPACE)
    if depth == 0:
        raise BadRequestError(f"the body's elements are more than {MAX_XML_DEPTH} deep")
    found: dict[str, Any] = {}
    for child in element:
        value = _from_element(child, depth - 1)
        if child.tag not in found:
            found[child.tag] = value
        elif isinstance(found[child.tag], list):
            found[child.tag].append(value)
        else:
            found[child.tag] = [found[child.tag], value]
    return found


def _to_element(element: Element, value: Any) -> Element:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            for one in inner if isinstance(inner, list) else [inner]:
                _to_element(SubElement(element, name), one)
    elif value is not None:
        element.text = _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", _plain_text(value))
    return element


def _plain_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, Decimal) else str(value)
