"""Bodies made to break a parser, of several kinds: seeded, and made in microseconds."""

import json
from collections.abc import Callable
from random import Random
from typing import Any, Final, NamedTuple

from tests.system.processes import EXAMPLE

CANCEL: Final[dict[str, Any]] = EXAMPLE | {"roundId": "round-1"}
"""Valid in every dialect."""

ODD_TEXTS: Final = [
    *("", " ", "\x00", "a\x00", "\x1c", "\x7f", "\x85", "\u2003", "\u2028", "\ufeff", "\uffff"),
    *(
        "\ud800",
        "a\udfff",
        "\udc00\ud800",
        "\U0010ffff",
        "e\u0301",
        "\u202eDSU",
        "\uff35SD",
        "USD\n",
    ),
    *(
        "USD\n",
        "İ",
        "ß",
        "\x1b[2J",
        "'; DROP TABLE unbet_ledger.bets; --",
        "{}",
        "null",
        "%s",
        "\\u0000",
        "\\",
    ),
]
ODD_VALUES: Final[list[object]] = [
    None,
    True,
    False,
    0,
    -1,
    1e308,
    2**64,
    10**400,
    [],
    {},
    [[]],
    {"userId": "x"},
]
MAX_BODY_LENGTH: Final = 16 * 1024
"""Bytes that the protocol allows."""
LENGTHS: Final = [4, 32, 33, 36, 37, 256, 257, 999]
"""Those of the protocol's limits, and one more."""
PIECES: Final = [
    *(b'"', b"\\", b"\\u0000", b"\\ud800", b"\x00", b"\xff", b"\xc0\x80", b"\xed\xa0\x80"),
    *(b"{", b"}", b"[", b"]", b",", b":", b"NaN", b"-", b"1e999", b"/**/", b"\xef\xbb\xbf", b"\n"),
    *(b'"userId":', b'"gamename":"x",', b'"x":"\\u0000",', b"\xf4\x90\x80\x80", b"\x1a"),
]


class Body(NamedTuple):
    """A body, and how it was made."""

    kind: str
    content: bytes


class Bodies:
    """As many as one asks for; the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._kinds: list[tuple[str, Callable[[], bytes]]] = [
            ("valid, spelled otherwise", self._valid),
            ("almost valid", self._almost_valid),
            ("mutated", self._mutated),
            ("mutated", lambda: self.mutate(self._almost_valid())),
            ("any JSON", lambda: self._written(self.any_json(4))),
            ("any bytes", lambda: self._random.randbytes(self._random.randrange(64))),
            ("nested", self._nested),
            ("wide", self._wide),
            ("numbers", self._numbers),
            ("encoded", self._encoded),
        ]
        self._weights = [10, 40, 20, 10, 8, 5, 1, 1, 2, 4]

    def next(self) -> Body:
        """A body of any kind."""
        ((kind, make),) = self._random.choices(self._kinds, self._weights)
        return Body(kind, make())

    def _written(self, document: object) -> bytes:
        """JSON, compact or not, escaped or not."""
        gaps = self._random.choice([(",", ":"), (", ", ": "), (" ,\n", "\t:\r\n ")])
        text = json.dumps(document, ensure_ascii=self._random.random() < 0.5, separators=gaps)
        return _utf8(text)

    def _valid(self) -> bytes:
        fields = [*CANCEL.items(), (self.text(), self.any_json(2))]
        self._random.shuffle(fields)
        document = dict(fields)
        if self._random.random() < 0.3:
            document["gamename"] = document.pop("gameName")
        document["reference"] = self._random.choice("rü€😀") * self._random.randint(1, 36)
        document["providerId"] = self._random.choice(["LuckyMonaco", "luckymonaco", "LUCKYMONACO"])
        return self._random.choice([b"", b"\xef\xbb\xbf", b" \r\n"]) + self._written(document)

    def _almost_valid(self) -> bytes:
        fields = list(CANCEL.items())
        for _ in range(self._random.randint(1, 2)):
            at = self._random.randrange(len(fields))
            name, value = fields[at]
            match self._random.randrange(6):
                case 0:
                    del fields[at]
                case 1:
                    fields.insert(at, (name, self._random.choice([value, "another"])))
                case 2:
                    fields[at] = name, self._random.choice(ODD_VALUES)
                case 3:
                    fields[at] = name, str(value).ljust(self._random.choice(LENGTHS), "x")
                case 4:
                    fields[at] = name, self.text()
                case _:
                    fields[at] = self._random.choice([name.upper(), "gamename", "x"]), value
        pairs = [f"{self._quoted(name)}:{self._quoted(value)}" for name, value in fields]
        return _utf8("{" + ",".join(pairs) + "}")

    def _mutated(self) -> bytes:
        return self.mutate(self._written(CANCEL))

    def mutate(self, body: bytes) -> bytes:
        """`body` with up to three changes."""
        for _ in range(self._random.randint(1, 3)):
            start, end = sorted(self._random.randrange(len(body) + 1) for _ in range(2))
            part = body[start:end]
            match self._random.randrange(5):
                case 0:
                    changed = bytes(byte ^ 1 << self._random.randrange(8) for byte in part[:1])
                    body = body[:start] + changed + body[start + 1 :]
                case 1:
                    body = body[:start] + body[end:]
                case 2:
                    body = body[:end] + part * self._random.randint(1, 3) + body[end:]
                case 3:
                    body = body[:start]
                case _:
                    body = body[:start] + self._random.choice(PIECES) + body[start:]
        return body[:MAX_BODY_LENGTH]

    def _nested(self) -> bytes:
        opening, closing = self._random.choice([("[", "]"), ('{"x":', "}"), ('[{"x":', "}]")])
        depth = self._random.choice([50, 300, 980, 1000, 2500])
        deep = opening * depth + "1" + closing * depth
        name = self._random.choice([*CANCEL, "x"])
        twice = f',"gamename":{deep}' if name == "gameName" else ""
        document = json.dumps(CANCEL)[:-1] + f',"{name}":{deep}{twice}}}'
        return self._random.choice([deep, document, document[:-1]]).encode()[:MAX_BODY_LENGTH]

    def _wide(self) -> bytes:
        names = [str(self._random.randrange(10**6)) for _ in range(1200)]
        many = ",".join(f'"{name}":0' for name in names)
        document = json.dumps(CANCEL)[:-1] + f",{many}}}"
        return self._random.choice([f"{{{many}}}", document, document[:-9]]).encode()

    def _numbers(self) -> bytes:
        digits = "9" * self._random.choice([1, 400, 4300, 4301, 12_000])
        number = self._random.choice(["", "-", "0.", "1e", "1e-", "0x", "+", "0"]) + digits
        name = self._random.choice([*CANCEL, "x", "amount"])
        return (json.dumps(CANCEL)[:-1] + f',"{name}":{number}}}').encode()

    def _encoded(self) -> bytes:
        text = json.dumps(CANCEL | {"userId": self._random.choice(["ü", "😀", "u"])})
        encodings = ["utf-16", "utf-16-le", "utf-32", "utf-7", "utf-8-sig", "cp1252", "utf-8"]
        body = text.encode(self._random.choice(encodings), errors="replace")
        return self._random.choice([b"", b"", b"\xef\xbb\xbf", b"\xfe\xff", b"\x00"]) + body

    def any_json(self, depth: int) -> Any:
        """Any value, nested at most so deeply."""
        if depth == 0 or self._random.random() < 0.4:
            return self._random.choice([self.text(), self._random.choice(ODD_VALUES), 1.5, "x"])
        items = [self.any_json(depth - 1) for _ in range(self._random.randrange(4))]
        return {self.text(): item for item in items} if self._random.random() < 0.7 else items

    def text(self) -> str:
        """An odd one."""
        return self._random.choice(ODD_TEXTS) * self._random.choice([1, 1, 1, 2, 40])

    def _quoted(self, value: object) -> str:
        return json.dumps(value, ensure_ascii=self._random.random() < 0.5)


def _utf8(text: str) -> bytes:
    """Lone surrogates have no UTF-8; escaped they pass."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return "".join(
            f"\\u{ord(c):04x}" if "\ud800" <= c <= "\udfff" else c for c in text
        ).encode()
