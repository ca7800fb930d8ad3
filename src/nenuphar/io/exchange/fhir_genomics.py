"""Variants and assays of a FHIR bundle, as the genomics reporting guide writes them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from nenuphar.domain.case import Assay, Variant
from nenuphar.domain.scope import Scope
from nenuphar.io.case_draft import Draft
from nenuphar.io.exchange.answers import Answer, Code
from nenuphar.io.exchange.fhir_bundle import Bundle, Resource
from nenuphar.io.exchange.fhir_values import answer_of, codes_of, own_id
from nenuphar.io.exchange.parts import Part
from nenuphar.io.exchange.placing import Placer
from nenuphar.io.exchange.variants import gene_of, judged
from nenuphar.io.exchange.vocabulary import OWN


@dataclass
class Genomics:
    """Reads genomic observations; what they imply may follow in observations of its own."""

    placer: Placer
    bundle: Bundle
    _found: dict[str, tuple[Variant, Draft, Part]] = field(default_factory=dict)
    _implied: dict[str, str] = field(default_factory=dict)

    def reads(self, observation: Resource, codes: tuple[Code, ...], home: Draft) -> bool:
        """Read an observation if it is a genomic one; whether it was."""
        table = self.placer.vocabulary.table["variant"]
        keys = {code.key for code in codes}
        parts = self._components(observation.part)
        if table["observation"] in keys:
            self._variant(observation, parts, home)
        elif table["region"] in keys:
            self._assay(observation, parts, home)
        elif table["significance"] in parts:
            self._implication(observation, parts)
        else:
            return False
        return True

    def _components(self, part: Part) -> dict[str, list[tuple[Part, Answer]]]:
        """Return the components by their code."""
        found: dict[str, list[tuple[Part, Answer]]] = {}
        vocabulary = self.placer.vocabulary
        for component in part.each("component"):
            for code in codes_of(component.get("code"), vocabulary)[:1]:
                entry = (component, answer_of(component, vocabulary))
                found.setdefault(code.key, []).append(entry)
        return found

    def _variant(
        self, observation: Resource, parts: dict[str, list[tuple[Part, Answer]]], home: Draft
    ) -> None:
        part, table = observation.part, self.placer.vocabulary.table["variant"]
        seen = answer_of(part, self.placer.vocabulary)
        specimen = home.reach(Scope.SPECIMEN)
        if any(code.key in table["absent"] for code in seen.codes):
            self._lose(part, "says that a variant is absent; an assay with its genes would")
            return
        gene = self._gene(parts.get(table["gene"], []))
        if not gene or specimen is None:
            why = "is of no specimen in particular" if gene else "its gene is not known here"
            self._lose(part, why)
            return

        def text(name: str) -> str:
            answers = (answer for _, answer in parts.get(table[name], []))
            return next((_words(answer) for answer in answers if _words(answer)), "")

        change = text("change") or text("coding_change") or text("genomic_change")
        origin = self._named(parts, "origin", "origins") or "unknown"
        stated = self._named(parts, "significance", "significances")
        consequence = text("consequence")
        significance, basis = judged(gene, change, origin, consequence, stated)
        method = (part.get("method") or Part({})).text("text")
        variant = Variant(gene, significance, origin, change, method, consequence, basis)  # type: ignore[arg-type]  # one of the permitted words
        self._found[observation.key] = (variant, specimen, part)
        named = ("gene", "change", "coding_change", "genomic_change", "origin", "consequence")
        self._carry(parts, *(table[name] for name in (*named, "significance")))
        self.placer.ledger.carry(
            *(f"{part.pointer}/{n}" for n in part.data if n.startswith("value"))
        )

    def _named(self, parts: dict[str, list[tuple[Part, Answer]]], code: str, group: str) -> str:
        """Return the word of this project for a coded component; empty where it says none."""
        table = self.placer.vocabulary.table["variant"]
        for _, answer in parts.get(table[code], []):
            for word, keys in table[group].items():
                if any(each.key in keys for each in answer.codes):
                    return str(word)
        return ""

    def _gene(self, found: list[tuple[Part, Answer]]) -> str:
        for _, answer in found:
            if gene := gene_of(answer.codes, answer.text):
                return gene
        return ""

    def _assay(
        self, observation: Resource, parts: dict[str, list[tuple[Part, Answer]]], home: Draft
    ) -> None:
        part, table = observation.part, self.placer.vocabulary.table["variant"]
        specimen = home.reach(Scope.SPECIMEN)
        if specimen is None:
            self._lose(part, "is of no specimen in particular")
            return
        studied = parts.get(table["gene"], [])
        genes = [(component, self._gene([(component, answer)])) for component, answer in studied]
        whole = any(answer.flag for _, answer in parts.get(f"{OWN}:whole_exome", []))
        own = own_id(part, "assay")
        name = own or str(len(specimen.assays) + 1)
        kind = (part.get("method") or Part({})).text("text").lower()
        known = tuple(
            _verbatim(component, gene) if own else gene for component, gene in genes if gene or own
        )
        specimen.assays.append(Assay(name, kind, known if studied else None, whole_exome=whole))
        self._carry(parts, table["gene"], f"{OWN}:whole_exome")
        for component, gene in genes:
            if not gene and not own:
                why = "its gene is not known here"
                self.placer.ledger.lose(component.pointer, self.placer.draft.id, "a gene", why)

    def _implication(
        self, observation: Resource, parts: dict[str, list[tuple[Part, Answer]]]
    ) -> None:
        """Take what an observation implies of the variant that it is derived from."""
        part, table = observation.part, self.placer.vocabulary.table["variant"]
        stated = self._named(parts, "significance", "significances")
        targets = [self.bundle.find(each, observation) for each in part.each("derivedFrom")]
        keys = [target.key for target in targets if target is not None]
        if not stated or not keys:
            self._lose(part, "implies nothing of a variant in this bundle")
            return
        self._implied |= dict.fromkeys(keys, stated)
        self._carry(parts, table["significance"])

    def close(self) -> None:
        """Put the variants on their specimens, with what was implied of them."""
        for key, (variant, specimen, _) in self._found.items():
            stated = self._implied.get(key) if variant.basis else None
            judged_so = replace(variant, significance=stated, basis="") if stated else variant  # type: ignore[arg-type]  # one of the permitted words
            specimen.variants.append(judged_so)

    def _carry(self, parts: dict[str, list[tuple[Part, Answer]]], *keys: str) -> None:
        for key in keys:
            self.placer.ledger.carry(*(component.pointer for component, _ in parts.get(key, [])))

    def _lose(self, part: Part, reason: str) -> None:
        self.placer.ledger.lose(part.pointer, self.placer.draft.id, "a genomic observation", reason)


def _words(answer: Answer) -> str:
    """Return what a concept says in words; HGVS is often its code."""
    return answer.text or next((code.label or code.code for code in answer.codes), "")


def _verbatim(component: Part, gene: str) -> str:
    """Return the name of a gene as this project wrote it."""
    return (component.get("valueCodeableConcept") or Part({})).text("text") or gene
