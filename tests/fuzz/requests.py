"""Requests made to break a dialect's reader, of several kinds for each form: JSON with nested
objects, forms, queries and XML. Seeded, as the bodies are.

(Over 250 lines: the forms share what is said in them.)
"""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from random import Random
from typing import Any
from urllib.parse import quote, quote_plus, urlencode
from xml.sax.saxutils import escape

from tests.fuzz.bodies import MAX_BODY_LENGTH, ODD_VALUES, Bodies, Body
from tests.fuzz.fragments import (
    AMOUNTS,
    BOMBS,
    DECLARED,
    ENCODINGS,
    JUNK,
    LONGER,
    MARKUP,
    NUMBERS,
)
from tests.fuzz.reading import PATHS, READ
from tests.making import PROVIDER
from unbet.dialects.openapi.answers import example_document
from unbet.dialects.port import Dialect


class Requests:
    """What such a dialect reads: a body, or a query."""

    def __init__(self, seed: int, dialect: Dialect) -> None:
        self._random = Random(seed)
        self._bodies = Bodies(seed)
        self._dialect = dialect.name
        self._document = example_document(dialect, PROVIDER)
        self._least = example_document(dialect, PROVIDER, least=True)
        self._root = dialect.codec.encode({"x": 1}).decode().strip("</>").partition(">")[0]
        self._is_json = dialect.codec.name == "JSON"
        self._kinds = list(self._of_form(dialect.codec.name))

    def next(self) -> Body:
        """A request of any kind."""
        ((kind, make, _),) = self._random.choices(self._kinds, [one[2] for one in self._kinds])
        made = make()
        return Body(kind if len(made) <= MAX_BODY_LENGTH else "cut off", made[:MAX_BODY_LENGTH])

    def _of_form(self, name: str) -> Iterator[tuple[str, Callable[[], bytes], int]]:
        written: Callable[[Any], bytes]
        match name:
            case "JSON":
                written = self._json
                yield "nested", self._nested, 2
                yield "numbers", self._numbers, 4
                yield "any", lambda: self._json(self._bodies.any_json(4)), 6
            case "XML":
                written = self._xml
                yield "markup", self._marked_up, 12
                yield "bombs", self._bomb, 2
                yield "deep", self._deep_xml, 1
                yield "wide", self._wide_xml, 1
                yield "declared", self._declared, 3
            case _:
                written = self._form
                yield "junk", self._junk, 12
                yield "twice and harmless", lambda: written(self._harmless()), 6
                yield "many pairs", self._many_pairs, 1
        yield "valid, spelled otherwise", lambda: written(self._valid()), 10
        yield "almost valid", lambda: written(self._almost_valid()), 30
        yield "twice", lambda: written(self._twice()), 6
        yield "mutated", lambda: self._bodies.mutate(written(self._document)), 14
        yield "mutated", lambda: self._bodies.mutate(written(self._almost_valid())), 8
        yield "any bytes", lambda: self._random.randbytes(self._random.randrange(64)), 3
        yield "encoded", lambda: self._encoded(written(self._valid())), 3

    # What is said.

    def _valid(self) -> Any:
        document = self._random.choice([self._document, self._least])
        fields = list(document.items())
        if self._random.random() < 0.5:
            fields.append((f"x{self._random.randrange(9)}", self._random.choice("aü€😀\u2028")))
        self._random.shuffle(fields)
        return {name: self._other_text(value) for name, value in fields}

    def _other_text(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._other_text(one) for one in value] * self._random.choice([1, 1, 1, 2, 100])
        if isinstance(value, dict):
            return {name: self._other_text(one) for name, one in value.items()}
        # A name of a reference or a request; a constant, a currency or a provider stays.
        if isinstance(value, str) and value.endswith("-1"):
            return self._random.choice("rü€😀&<>%+;=\"'\\") * self._random.randint(1, 255)
        return value

    def _almost_valid(self) -> Any:
        document = json.loads(json.dumps(self._document))
        for _ in range(self._random.randint(1, 2)):
            holder = document
            while True:
                key = self._random.choice(list(holder) if isinstance(holder, dict) else [0])
                if not (isinstance(holder[key], dict | list) and holder[key]):
                    break
                if self._random.random() < 0.2:
                    break
                holder = holder[key]
            match self._random.randrange(7):
                case 0 if isinstance(holder, dict) and len(holder) > 1:
                    del holder[key]
                case 1:
                    holder[key] = deepcopy(self._random.choice(ODD_VALUES))
                case 2:
                    holder[key] = str(holder[key]).ljust(self._random.choice(LONGER), "x")
                case 3:
                    holder[key] = [holder[key]]
                case 4:
                    holder[key] = deepcopy(self._random.choice(AMOUNTS))
                case 5 if isinstance(holder, dict):
                    holder[str(key).upper()] = holder[key]
                case _:
                    holder[key] = self._bodies.text()
        return document

    def _twice(self) -> Any:
        """A name twice, somewhere: `_Pairs` stands for an object that has it so."""
        read = READ.get(self._dialect, self._document.keys())
        names = [one for one in self._document if one in read]
        # In XML, an amount that is there twice is none, and so a check that fails.
        name = self._random.choice([one for one in names if one != PATHS[self._dialect].amount])
        value = self._document[name]
        again = ["another"] if self._dialect in READ else [value, "another"]
        pairs = [*self._document.items(), (name, self._random.choice(again))]
        if isinstance(value, dict) and self._random.random() < 0.7:
            inner = self._random.choice(list(value.items()))
            pairs = [*self._document.items()]
            pairs[pairs.index((name, value))] = name, _Pairs([*value.items(), inner])
        if isinstance(value, list) and self._random.random() < 0.7:
            first = _Pairs([*value[0].items(), self._random.choice(list(value[0].items()))])
            pairs = [*self._document.items()]
            pairs[pairs.index((name, value))] = name, [first]
        if self._is_json and self._random.random() < 0.2:
            pairs = [*self._document.items(), ("x", _Pairs([("y", 0), ("y", 0)]))]
        return _Pairs(pairs)

    def _harmless(self) -> Any:
        """Names twice, each with the same value or with none that is read."""
        pairs = [*self._valid().items()]
        more = [
            (
                name,
                value if name in READ[self._dialect] else self._random.choice([value, "another"]),
            )
            for name, value in self._random.sample(pairs, 2)
        ]
        self._random.shuffle(more)
        return _Pairs([*pairs, *more])

    # How it is written.

    def _json(self, document: Any) -> bytes:
        return self._random.choice([b"", b"", b"\xef\xbb\xbf", b" \n"]) + _bytes(
            self._json_text(document)
        )

    def _json_text(self, value: Any) -> str:
        if isinstance(value, dict | _Pairs):
            pairs = value.items() if isinstance(value, dict) else value
            inside = ",".join(f"{self._json_text(k)}:{self._json_text(v)}" for k, v in pairs)
            return f"{{{inside}}}"
        if isinstance(value, list):
            return f"[{','.join(map(self._json_text, value))}]"
        return json.dumps(value, ensure_ascii=self._random.random() < 0.5)

    def _form(self, document: Any) -> bytes:
        pairs = document if isinstance(document, _Pairs) else document.items()
        ways: list[Callable[[str], str]] = [quote_plus, quote, self._all_escaped]
        quoted = self._random.choice(ways)
        return "&".join(f"{quoted(str(k))}={self._quoted(v, quoted)}" for k, v in pairs).encode()

    def _quoted(self, value: object, quoted: Callable[[str], str]) -> str:
        text = "" if value is None else str(value)
        return quoted(text.encode(errors="replace").decode())

    def _all_escaped(self, text: str) -> str:
        form = self._random.choice(["%{:02X}", "%{:02x}"])
        return "".join(form.format(byte) for byte in text.encode())

    def _xml(self, document: Any, before: str = "") -> bytes:
        body = f"{before}<{self._root}>{self._elements(document)}</{self._root}>"
        return self._random.choice([b"", b"", b"\xef\xbb\xbf", b" \n"][: 3 if before else 4]) + (
            _bytes(body)
        )

    def _elements(self, document: Any) -> str:
        if isinstance(document, dict | _Pairs):
            pairs = document.items() if isinstance(document, dict) else document
            return "".join(self._element(str(name), value) for name, value in pairs)
        text = "" if document is None else str(document)
        return self._random.choice([escape(text), _references(text), _cdata(text)])

    def _element(self, name: str, value: Any) -> str:
        gap = self._random.choice(["", "", "\n  ", "<!-- x -->"])
        attribute = self._random.choice(["", "", "", ' a="1"', ' xml:lang="x"'])
        if isinstance(value, list):
            return "".join(self._element(name, one) for one in value)
        return f"{gap}<{name}{attribute}>{self._elements(value)}</{name}>"

    # What breaks a form.

    def _nested(self) -> bytes:
        opening, closing = self._random.choice([("[", "]"), ('{"x":', "}"), ('[{"x":', "}]")])
        depth = self._random.choice([50, 300, 980, 1000, 2500])
        deep = opening * depth + "1" + closing * depth
        name = self._random.choice([*self._document, "x"])
        document = {key: value for key, value in self._document.items() if key != name}
        return (json.dumps(document)[:-1] + f',"{name}":{deep}}}').encode()

    def _numbers(self) -> bytes:
        text, number = json.dumps(self._document), self._random.choice(NUMBERS)
        if "1.25" in text and self._random.random() < 0.7:
            return text.replace("1.25", number).encode()
        return (text[:-1] + f',"{self._random.choice(["x", "amount"])}":{number}}}').encode()

    def _junk(self) -> bytes:
        body = self._form(self._random.choice([self._document, self._valid()]))
        for _ in range(self._random.randint(1, 2)):
            at = self._random.choice([0, len(body), self._random.randrange(len(body) + 1)])
            body = body[:at] + self._random.choice(JUNK) + body[at:]
        return body

    def _many_pairs(self) -> bytes:
        count = self._random.choice([150, 190, 200, 201, 3000])
        more = urlencode([(str(number), "") for number in range(count)]).encode()
        pair = self._random.choice([more, b"a=&" * count, b"&" * count, b"a" * count + b"=" * 99])
        return self._random.choice([pair, self._form(self._document) + b"&" + pair])

    def _marked_up(self) -> bytes:
        body = self._xml(self._document).decode()
        for _ in range(self._random.randint(1, 2)):
            places = [at for at, char in enumerate(body) if char in "<>"]
            at = self._random.choice([0, len(body), self._random.choice(places) + 1])
            body = body[:at] + self._random.choice(MARKUP) + body[at:]
        return _bytes(body)

    def _bomb(self) -> bytes:
        name = self._random.choice(list(self._document))
        body = self._xml(self._document, self._random.choice(BOMBS)).decode()
        entity = self._random.choice(["&a;", "&d;", "&a;" * 1000, ""])
        return body.replace(f"<{name}>", f"<{name}>{entity}", 1).encode()

    def _deep_xml(self) -> bytes:
        depth = self._random.choice([14, 15, 16, 17, 300, 2000])
        name = self._random.choice(["x", *self._document])
        deep = f"<{name}>" * depth + f"</{name}>" * self._random.choice([depth, depth, depth - 1])
        return self._xml(self._document).replace(b"</canc", deep.encode() + b"</canc", 1)

    def _wide_xml(self) -> bytes:
        count = self._random.choice([100, 1500])
        many = self._random.choice(
            [
                "<x/>" * count,
                "".join(f"<x{number}/>" for number in range(count)),
                "<x " + " ".join(f"a{number}=''" for number in range(count)) + "/>",
                "<x " + " ".join(f"xmlns:a{number}='u'" for number in range(count // 2)) + "/>",
                "<![CDATA[]]>" * (count // 2),
                "<!---->" * count,
            ]
        )
        return self._xml(self._document).replace(b"</canc", many.encode() + b"</canc", 1)

    def _declared(self) -> bytes:
        encoding = self._random.choice(DECLARED)
        version = self._random.choice(["1.0", "1.0", "1.1", "9"])
        before = f'<?xml version="{version}" encoding="{encoding}"?>'
        body = self._xml(self._valid(), before)
        return self._encoded(body) if self._random.random() < 0.2 else body

    def _encoded(self, body: bytes) -> bytes:
        text = body.decode(errors="replace")
        encoded = text.encode(self._random.choice(ENCODINGS), errors="replace")
        return self._random.choice([b"", b"", b"\xef\xbb\xbf", b"\xfe\xff", b"\x00"]) + encoded


class _Pairs(list[tuple[str, Any]]):
    """An object in which a name may be twice."""


def _references(text: str) -> str:
    return "".join(f"&#{ord(char)};" for char in text)


def _cdata(text: str) -> str:
    return f"<![CDATA[{text.replace(']]>', '')}]]>"


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")
