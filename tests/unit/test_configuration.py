"""docs/configuration.md is what the settings say."""

from unbet.cli.configuration import PAGE, page


def test_the_page_is_what_the_settings_say() -> None:
    assert PAGE.read_text() == page(), "run `make configuration`"
