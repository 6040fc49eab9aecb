"""What `make configuration` writes is what the code says."""

from unbet.cli.configuration import OPENAPI, PAGE, page
from unbet.ledger_api.openapi import document


def test_the_page_is_what_the_settings_say() -> None:
    assert PAGE.read_text() == page(), "run `make configuration`"


def test_the_ledgers_document_is_what_is_served() -> None:
    assert OPENAPI.read_bytes() == document(), "run `make configuration`"
