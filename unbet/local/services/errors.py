"""The one error of the embedded services."""


class ServicesError(Exception):
    """An embedded server did not do what was asked; the text, with its log, is for a person."""
