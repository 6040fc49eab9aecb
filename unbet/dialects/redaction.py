"""A secret that travels along is taken out of what is kept of a request."""

import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape


def redacted(text: str, secrets: Iterable[str]) -> str:
    """`text` without these, however they are spelled."""
    spellings = {spelling for secret in secrets for spelling in _spellings(secret)}
    # The longest first: one secret may be the beginning of another.
    for spelling in sorted(spellings, key=len, reverse=True):
        text = text.replace(spelling, "[secret]")
    return text


def _spellings(secret: str) -> set[str]:
    """As forms, JSON and XML have it."""
    escaped = json.dumps(secret)[1:-1]
    in_forms = [quote(secret, safe=""), quote(secret), quote_plus(secret)]
    lower = [re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), one) for one in in_forms]
    in_json = [escaped, escaped.replace("/", "\\/"), json.dumps(secret, ensure_ascii=False)[1:-1]]
    in_xml = [escape(secret), escape(secret, {'"': "&quot;", "'": "&apos;"})]
    return {secret, *in_forms, *lower, *in_json, *in_xml}
