"""Bodies that are tried each time. What `make fuzz` finds comes here; so far it has found none, and
these are the hard ones that one can think of."""

import json
from typing import Any, Final

from tests.fuzz.bodies import CANCEL


def _with(**fields: Any) -> bytes:
    return json.dumps(CANCEL | fields).encode()


def _with_more(text: str) -> bytes:
    return (json.dumps(CANCEL)[:-1] + f",{text}}}").encode(errors="surrogatepass")


_DEEP: Final = "[" * 900 + "]" * 900

ACCEPTED: Final[list[bytes]] = [
    # What PostgreSQL could not store if it were not kept as it was written, escaped.
    _with(x="\x00"),
    _with(x="\ud800"),
    _with_more('"\\u0000":"\\udfff\\ud800"'),
    _with_more('"x":1e999'),
    _with_more('"x":' + "9" * 4300),
    _with_more(f'"x":{_DEEP[:600]}{_DEEP[-600:]}'),
    _with(reference="\U0010ffff" * 36),
    _with(reference="\x7f\x1b[2J\x85\u2028\ufeff"),
    _with(userId="\uffff\ufffe"),
    _with(userId="\x1c"),
    b"\xef\xbb\xbf \r\n\t" + _with(),
    _with(gamename=CANCEL["gameName"]),
    _with_more('"x":"\x7f\u2028"'),
]

REFUSED: Final[list[bytes]] = [
    _with(reference="\x00"),
    _with(reference="r\x00"),
    _with(reference="\ud800"),
    _with(userId="\udc00\ud800"),
    _with(userId="\u2003\u00a0\u3000"),
    _with(currency="USD\n"),
    _with(currency="\uff35\uff33\uff24"),
    _with(reference="\U0010ffff" * 37),
    _with(userId=10**400),
    _with(gameName=[], gamename={}),
    _with(providerId="LuckyMonaco\u0307"),
    _with_more('"x":"\x00"'),
    _with_more('"x":"\ud800"'),
    _with_more('"x":NaN'),
    _with_more('"x":' + "9" * 4301),
    _with_more('"x":{"y":0,"y":0}'),
    _with_more('"userId":"123456"'),
    _with_more('"gameName":' + _DEEP + ',"gamename":' + _DEEP),
    _with_more('"\\u0075serId":"another"'),
    b"\xef\xbb\xbf\xef\xbb\xbf" + _with(),
    b"\x00" + _with(),
    _with() + b"\x00",
    _with() + b"\x1a",
    _with() * 2,
    _with().decode().encode("utf-16"),
    b'{"userId":{"userId":0},"userId":0}}',  # ends too early, but not before a repetition
]
