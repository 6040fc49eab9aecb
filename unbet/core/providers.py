"""Some of the providers, told apart by name."""

from typing import NamedTuple


class Providers(NamedTuple):
    """Those in `names`, or all but those."""

    names: tuple[str, ...] = ()
    all_but: bool = True


ALL = Providers()
