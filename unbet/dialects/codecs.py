"""Forms of bodies: what was sent becomes a document, what is answered becomes bytes."""

import codecs
import json
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
_EXACT: Final = Context(prec=100)

Named = Callable[[str], bool]
"""Whether a name is one of a dialect's: only these are repeated to the sender, and to the log."""


@dataclass(frozen=True)
class Codec:
    """A form of requests, and the form of their answers."""

    name: str
    decode: Callable[[RawRequest, Named], Document]
    """Raises `BadRequestError`."""
    encode: Callable[[Any], bytes] = orjson.dumps
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


def number(amount: Decimal, places: int) -> orjson.Fragment:
    """An amount as a JSON number of at most so many decimal places, cut off; no float has it."""
    cut = units(amount, places)
    whole, part = divmod(abs(cut), 10**places)
    digits = f"{part:0{places}}".rstrip("0")
    sign = "-" if cut < 0 else ""
    return orjson.Fragment(f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}")


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
        text_of(raw.body)
        try:
            element = fromstring(raw.body, forbid_dtd=True)
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
        return (element.text or "").strip()
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
    else:
        element.text = str(value)
    return element


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
