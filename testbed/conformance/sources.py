"""The sources of the rules: the chapters of PROTOCOL and DESIGN."""

from typing import Final

CALL: Final = "PROTOCOL, The call"
BEHAVES: Final = "PROTOCOL, How the provider behaves"
CODES: Final = "PROTOCOL, Codes"
FIELD: Final = "PROTOCOL, What goes wrong in the field"
PATH: Final = "DESIGN, The path of one Cancel"
OUTCOMES: Final = "DESIGN, Outcomes and answers"
