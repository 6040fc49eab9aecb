"""The casino's own receivers of other dialects than Lucky Monaco's: written for the tests alone, so
that the kit is not judged by what it judges."""

from typing import Final

from tests.ops.conformance.reference_receivers.bgaming import BGaming
from tests.ops.conformance.reference_receivers.evolution import Evolution
from tests.ops.conformance.reference_receivers.gitslotpark import GitSlotPark
from tests.ops.conformance.reference_receivers.groove import Groove
from tests.ops.conformance.reference_receivers.hub88 import Caleta, Hub88
from tests.ops.conformance.reference_receivers.pragmatic import Pragmatic
from tests.ops.conformance.reference_receivers.receiver import ReferenceReceiver

REFERENCE_RECEIVERS: Final[dict[str, type[ReferenceReceiver]]] = {
    "bgaming": BGaming,
    "hub88": Hub88,
    "caleta": Caleta,
    "pragmatic": Pragmatic,
    "evolution": Evolution,
    "gitslotpark": GitSlotPark,
    "groove": Groove,
}

__all__ = ["REFERENCE_RECEIVERS", "ReferenceReceiver"]
