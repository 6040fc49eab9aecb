"""The casino's own receivers of other dialects than Lucky Monaco's: written for the tests alone, so
that the kit is not judged by what it judges."""

from typing import Final

from tests.ops.conformance.speaking.bgaming import BGaming
from tests.ops.conformance.speaking.evolution import Evolution
from tests.ops.conformance.speaking.gitslotpark import GitSlotPark
from tests.ops.conformance.speaking.groove import Groove
from tests.ops.conformance.speaking.hub88 import Caleta, Hub88
from tests.ops.conformance.speaking.pragmatic import Pragmatic
from tests.ops.conformance.speaking.speaker import Speaker

SPEAKERS: Final[dict[str, type[Speaker]]] = {
    "bgaming": BGaming,
    "hub88": Hub88,
    "caleta": Caleta,
    "pragmatic": Pragmatic,
    "evolution": Evolution,
    "gitslotpark": GitSlotPark,
    "groove": Groove,
}

__all__ = ["SPEAKERS", "Speaker"]
