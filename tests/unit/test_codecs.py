"""Forms of requests and answers: what was sent becomes a document, what is answered bytes."""

import json
from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field, ValidationError

from unbet.core.fields import Reference
from unbet.dialects.body import JSON, Codec, text_of, to_json, without_none
from unbet.dialects.codecs import (
    MAX_XML_DEPTH,
    Several,
    number,
    units,
    xml,
)
from unbet.dialects.raw import BadRequestError, RawRequest

XML = xml("call")


def decoded(codec: Codec, content: bytes) -> Any:
    raw = RawRequest(b"", content, method="GET") if codec.in_query else RawRequest(content)
    return codec.decode(raw)


def refusal(codec: Codec, content: bytes) -> str:
    with pytest.raises(BadRequestError) as refused:
        decoded(codec, content)
    return str(refused.value)


def test_json_is_read_with_its_nested_objects_and_lists() -> None:
    document = decoded(JSON, b'\xef\xbb\xbf{"a": {"b": [{"c": "d"}, []]}, "e": null}')
    assert document == {"a": {"b": [{"c": "d"}, []]}, "e": None}
    assert type(document["a"]) is type(document["a"]["b"][0]) is dict


@pytest.mark.parametrize(
    "digits", ["0.1", "12345678901234567890.123456789012345678", "1E-7", "-0.0"]
)
def test_a_number_of_json_is_exact(digits: str) -> None:
    value = decoded(JSON, f'{{"amount": {digits}}}'.encode())["amount"]
    assert isinstance(value, Decimal)
    assert str(value) == str(Decimal(digits))


def test_a_whole_number_of_json_is_whole_and_an_impossible_exponent_is_no_fault() -> None:
    document = decoded(JSON, b'{"a": 12345678901234567890, "b": 1e99999999999999999999}')
    assert document["a"] == 12345678901234567890
    assert document["b"] == Decimal("Infinity")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b'{"reference": 1, "reference": 1}', "a field is given more than once"),
        (b'{"a": [[{"other": 1, "other": 1}]]}', "a field is given more than once"),
        (b'{"a": Infinity}', "the body is not JSON"),
        (b"[]", "the body is not a JSON object"),
        (b"\xff", "the body is not UTF-8"),
    ],
)
def test_what_is_no_json_object_is_refused(content: bytes, problem: str) -> None:
    assert refusal(JSON, content) == problem


def test_xml_is_read_with_its_elements_and_several_alike_are_a_list() -> None:
    content = (
        b"<?xml version='1.0' encoding='utf-8'?>\n<call id='1'>\n <bet> b-1\n</bet><empty/>"
        b"<item><n>1</n></item><item><n>2</n></item><item><n>3</n></item>"
        b"<text>a<!-- c -->b<?p i?><![CDATA[<&]]>&lt;&#252;</text></call>"
    )
    assert decoded(XML, content) == {
        "bet": "b-1",
        "empty": "",
        "item": [{"n": "1"}, {"n": "2"}, {"n": "3"}],
        "text": "ab<&<ü",
    }


class Bets(BaseModel):
    """XML has no other lists."""

    bets: Annotated[Several[Reference], Field(alias="bet", max_length=2)]


@pytest.mark.parametrize(
    ("content", "bets"),
    [
        (b"<call><bet>1</bet></call>", ["1"]),
        (b"<call><bet>1</bet><x/><bet>2</bet></call>", ["1", "2"]),
    ],
)
def test_one_element_of_xml_is_a_list_of_one(content: bytes, bets: list[str]) -> None:
    assert Bets.model_validate(decoded(XML, content)).bets == bets


@pytest.mark.parametrize(
    "content",
    [b"<call><x/></call>", b"<call><bet/></call>", b"<call>%s</call>" % (b"<bet>1</bet>" * 3)],
)
def test_what_is_no_list_of_such_elements_is_refused(content: bytes) -> None:
    with pytest.raises(ValidationError):
        Bets.model_validate(decoded(XML, content))


def test_only_the_white_space_of_xml_is_cut_off() -> None:
    assert decoded(XML, "<call><a>\u2003u\x85</a></call>".encode()) == {"a": "\u2003u\x85"}


@pytest.mark.parametrize("declared", ["utf-16", "latin-1", "cp037", "nonsense"])
def test_xml_is_utf8_whatever_it_declares(declared: str) -> None:
    content = f"<?xml version='1.0' encoding='{declared}'?><call><a>ü</a></call>".encode()
    assert decoded(XML, content) == {"a": "ü"}
    assert refusal(XML, content.decode().encode("utf-16")) == "the body is not UTF-8"
    ascii_only = content.decode().replace("ü", "u").encode("utf-16-le")
    assert refusal(XML, ascii_only) == "the body is not XML"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"<!DOCTYPE call><call><a/></call>", "the body is not XML"),
        (b"<!DOCTYPE call [<!ENTITY e 'x'>]><call><a>&e;</a></call>", "the body is not XML"),
        (b"<!DOCTYPE x SYSTEM 'file:///etc/passwd'><call><a/></call>", "the body is not XML"),
        (b"<call><a>&e;</a></call>", "the body is not XML"),
        (b"<call><a>\x00</a></call>", "the body is not XML"),
        (b"<call><a></call>", "the body is not XML"),
        (b"", "the body is not XML"),
        (b"<other><a/></other>", "the body is not the element call"),
        (b"<call xmlns='urn:x'><a/></call>", "the body is not the element call"),
        (b"<call>text</call>", "call has no elements"),
        (b"<call/>", "call has no elements"),
    ],
)
def test_what_is_no_xml_of_the_call_is_refused(content: bytes, problem: str) -> None:
    assert refusal(XML, content) == problem


def test_xml_has_a_greatest_depth() -> None:
    def nested(depth: int) -> bytes:
        return b"<call>" + b"<a>" * depth + b"</a>" * depth + b"</call>"

    assert decoded(XML, nested(MAX_XML_DEPTH)) is not None
    for depth in (MAX_XML_DEPTH + 1, 2000):
        assert refusal(XML, nested(depth)) == "the body's elements are more than 16 deep"


def test_an_answer_in_xml_is_read_back_as_it_was_meant() -> None:
    document = {
        "code": 0,
        "balance": number(Decimal("1E+3"), 2),
        "small": number(Decimal("0.10"), 6),
        "is_done": True,
        "text": "<&>ü",
        "none": None,
        "items": [{"n": 1}, {"n": 2}],
    }
    written = XML.encode(document)
    assert b"<balance>1000</balance>" in written
    assert XML.read_answer(written) == {
        "code": "0",
        "balance": "1000",
        "small": "0.1",
        "is_done": "true",
        "text": "<&>ü",
        "none": "",
        "items": [{"n": "1"}, {"n": "2"}],
    }


def test_an_answer_in_xml_has_no_character_that_xml_has_not() -> None:
    assert XML.read_answer(XML.encode({"a": "x\x00\x0b\ud800y"})) == {"a": "x\ufffd\ufffd\ufffdy"}


@pytest.mark.parametrize(
    ("amount", "places", "written"),
    [
        ("98.75", 2, "98.75"),
        ("98.750", 2, "98.75"),
        ("98.70", 2, "98.7"),
        ("100", 2, "100"),
        ("1E+2", 2, "100"),
        ("0E-18", 2, "0"),
        ("0.019", 2, "0.01"),
        ("-0.019", 2, "-0.01"),
        ("-0.001", 2, "0"),
        ("0.0000001", 7, "0.0000001"),
        ("12345678901234567890.123456789012345678", 18, "12345678901234567890.123456789012345678"),
        ("12345678901234567890.999", 2, "12345678901234567890.99"),
    ],
)
def test_an_amount_is_written_exactly_and_cut_off(amount: str, places: int, written: str) -> None:
    assert to_json({"balance": number(Decimal(amount), places)}) == (
        f'{{"balance":{written}}}'.encode()
    )


@pytest.mark.parametrize(
    ("amount", "places", "count"),
    [
        ("98.75", 2, 9875),
        ("98.759", 2, 9875),
        ("1", 5, 100_000),
        ("0E-18", 5, 0),
        ("1E+19", 5, 10**24),
        ("0.999", 0, 0),
    ],
)
def test_units_are_whole_and_cut_off(amount: str, places: int, count: int) -> None:
    assert units(Decimal(amount), places) == count
    assert json.loads(to_json([units(Decimal(amount), places)])) == [count]


def test_a_whole_number_of_any_size_is_written() -> None:
    large = 2**80
    document = {"a": [large, -large, {"b": large}], "c": True, "d": None, "e": "x", "f": Decimal(1)}
    assert json.loads(to_json(document)) == {**document, "f": 1}
    with pytest.raises(TypeError):
        to_json({"a": object()})


def test_what_is_not_known_is_left_out() -> None:
    assert without_none({"a": None, "b": 0, "c": ""}) == {"b": 0, "c": ""}


def test_text_is_utf8() -> None:
    assert text_of("€".encode()) == "€"
    for wrong in (b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"):
        with pytest.raises(BadRequestError, match="not UTF-8"):
            text_of(wrong)
