"""Forms of bodies: what was sent becomes a document, what is answered becomes bytes."""

import codecs
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, DecimalException
from typing import Any, Final
from urllib.parse import urlencode
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

import orjson
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from unbet.dialects.raw import BadRequestError, Document, RawRequest, pairs_of

MAX_XML_DEPTH: Final = 16
_XML_SPACE: Final = " \t\r\n"
_NOT_IN_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_EXACT: Final = Context(prec=100)

Named = Callable[[str], bool]
"""Whether a name is one of a dialect's: only these are repeated to the sender, and to the log."""


def to_json(document: Any) -> bytes:
    """`document` as JSON, its amounts as exact numbers, whole numbers of any size."""
    try:
        return orjson.dumps(document, default=_exactly)
    except TypeError:  # it writes no whole number of more than 64 bits
        return orjson.dumps(_with_large_numbers(document), default=_exactly)


def _exactly(value: Any) -> orjson.Fragment:
    if not isinstance(value, Decimal):
        raise TypeError(f"JSON has no {type(value).__name__}")
    return orjson.Fragment(format(value, "f"))


def _with_large_numbers(document: Any) -> Any:
    if isinstance(document, Mapping):
        return {name: _with_large_numbers(value) for name, value in document.items()}
    if isinstance(document, list | tuple):
        return [_with_large_numbers(value) for value in document]
    return Decimal(document) if type(document) is int else document


@dataclass(frozen=True)
class Codec:
    """A form of requests, and the form of their answers."""

    name: str
    decode: Callable[[RawRequest, Named], Document]
    """Raises `BadRequestError`."""
    encode: Callable[[Any], bytes] = to_json
    read_answer: Callable[[bytes], Any] = orjson.loads
    """The reverse of `encode`. Raises `BadRequestError` or `ValueError`."""
    content_type: bytes = b"application/json"
    request_type: str = "application/json"
    """The content type that such requests usually have; none is demanded."""
    write: Callable[[Document], bytes] = orjson.dumps
    """The reverse of `decode`: a request's body, or its query."""


def text_of(body: bytes) -> str:
    """The body as text. Raises `BadRequestError`."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequestError("the body is not UTF-8") from None


def without_none(document: Mapping[str, Any]) -> dict[str, Any]:
    """Only what is known."""
    return {name: value for name, value in document.items() if value is not None}


def number(amount: Decimal, places: int) -> Decimal:
    """An amount of at most so many decimal places, cut off: a number in JSON, digits in XML. No
    float has it."""
    cut = Decimal(units(amount, places)).scaleb(-places, _EXACT)
    return cut.normalize(_EXACT)


def units(amount: Decimal, places: int) -> int:
    """An amount as a whole number of units of so many decimal places; the rest is cut off."""
    return int(amount.scaleb(places, _EXACT))


def _json(raw: RawRequest, named: Named) -> Document:
    try:
        document = json.loads(
            text_of(raw.body).removeprefix(codecs.BOM_UTF8.decode()),
            object_pairs_hook=_Object,
            parse_constant=_refuse_constant,
            parse_float=_exact,
        )
    except (ValueError, RecursionError):
        raise BadRequestError("the body is not JSON") from None
    return _plain(document, named)


def _form(raw: RawRequest, named: Named) -> Document:
    text_of(raw.body)
    return _single(pairs_of(raw.body), named)


def _query(raw: RawRequest, named: Named) -> Document:
    return _single(pairs_of(raw.query), named)


def _single(pairs: Sequence[tuple[str, str]], named: Named) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise _given_twice(pairs, named)
    return document


def _pairs(document: Document) -> bytes:
    return urlencode(document).encode()


JSON: Final = Codec("JSON", _json)
FORM: Final = Codec("form", _form, request_type="application/x-www-form-urlencoded", write=_pairs)
QUERY: Final = Codec("query", _query, request_type="", write=_pairs)


def xml(root: str) -> Codec:
    """XML in `root`: an element with elements in it is an object, one that is there several times a
    list, any other its text. Attributes are not looked at. No entity and no DTD is accepted."""

    def decode(raw: RawRequest, _: Named) -> Document:
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
        return decode(RawRequest(answer), lambda _: False)

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
        element.text = _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", _xml_text(value))
    return element


def _xml_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, Decimal) else str(value)


class _Object(list[tuple[str, Any]]):
    """An object of JSON, as it stands: a name may be there twice."""


def _plain(document: Any, named: Named) -> dict[str, Any]:
    """`document` with objects as dicts, without recursion. Raises `BadRequestError` if a name is
    given more than once in one of them, or if it is none itself."""
    result = {"": document}
    left: list[tuple[Any, Any]] = [(result, "")]
    while left:
        holder, key = left.pop()
        one = holder[key]
        if isinstance(one, _Object):
            if len(dict(one)) != len(one):
                raise _given_twice(one, named)
            one = holder[key] = dict(one)
            left += [(one, name) for name, value in one.items() if isinstance(value, list)]
        elif isinstance(one, list):
            left += [(one, place) for place, value in enumerate(one) if isinstance(value, list)]
    if not isinstance(result[""], dict):
        raise BadRequestError("the body is not a JSON object")
    return result[""]


def _given_twice(pairs: Sequence[tuple[str, Any]], named: Named) -> BadRequestError:
    # In one pass: a body has room for thousands of names, and everybody else waits meanwhile.
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            shown = name if named(name) else "a field"
            return BadRequestError(f"{shown} is given more than once")
        seen.add(name)
    raise AssertionError("no name is given twice")


def _exact(digits: str) -> Any:
    try:
        return Decimal(digits)
    except DecimalException:  # an exponent that is out of all bounds
        return float(digits)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
