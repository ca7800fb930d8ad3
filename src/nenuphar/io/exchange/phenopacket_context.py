"""What the readers of one Phenopacket share: the packet, the case, the account."""

from __future__ import annotations

from dataclasses import dataclass, field

from nenuphar.io.case_draft import Draft
from nenuphar.io.exchange.answers import Code, shown
from nenuphar.io.exchange.ledger import Ledger
from nenuphar.io.exchange.parts import Part
from nenuphar.io.exchange.placing import Placer
from nenuphar.io.exchange.vocabulary import OWN, Vocabulary

WRITTEN_HERE = "nenuphar"
"""Creator of the packets that `convert` writes: their actions are lines, not drugs."""


@dataclass
class Context:
    """One packet while the case is put together.

    Attributes:
        packet: The packet, with the names of the schema.
        vocabulary: What codes mean.
        ledger: Account of the document.
        draft: The case so far.
        placer: Puts observations into it.
        specimens: Tumours, specimens and components by the id of the biosample that they are.
        ages: Age at which a level was taken or seen, by the identity of the level.
    """

    packet: Part
    vocabulary: Vocabulary
    ledger: Ledger
    draft: Draft
    placer: Placer
    specimens: dict[str, Draft] = field(default_factory=dict)
    ages: dict[int, float] = field(default_factory=dict)

    @property
    def own(self) -> bool:
        """Whether `convert` wrote the packet."""
        creator = self.packet.at("metaData", "createdBy")
        return creator is not None and creator.data == WRITTEN_HERE

    def lose(self, part: Part, codes: tuple[Code, ...], reason: str) -> None:
        """List a part that is not carried."""
        self.ledger.lose(part.pointer, self.draft.id, shown(codes), reason)


def is_own(codes: tuple[Code, ...]) -> bool:
    """Whether a class is one of the project's own."""
    return any(code.system == OWN for code in codes)
