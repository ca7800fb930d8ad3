"""Diseases and biosamples of a Phenopacket as tumours, specimens and components."""

from __future__ import annotations

from nenuphar.domain.case import Observed
from nenuphar.domain.observation import Origin
from nenuphar.domain.scope import Scope
from nenuphar.io.case_draft import Draft
from nenuphar.io.exchange.answers import Answer, Code
from nenuphar.io.exchange.parts import Part
from nenuphar.io.exchange.phenopacket_context import Context, is_own
from nenuphar.io.exchange.phenopacket_measurements import MeasurementReader
from nenuphar.io.exchange.phenopacket_parts import Moment, class_of, moment_of
from nenuphar.io.exchange.placing import Seen, add_level, tnm_category
from nenuphar.io.exchange.vocabulary import OWN, Vocabulary
from nenuphar.io.values import is_id

_NO_FACTS = ("id", "individualId", "taxonomy", "description")


class TumourReader:
    """Reads the diseases and biosamples of one packet."""

    def __init__(self, of: Context, measurements: MeasurementReader) -> None:
        self.of = of
        self.measurements = measurements
        self.sites: dict[int, set[str]] = {}
        self.metastases: list[Part] = []

    def read(self) -> None:
        """Read tumours first, then what was taken from them."""
        biosamples = list(self.of.packet.each("biosamples"))
        self._tumours(biosamples)
        self._diseases(biosamples)
        for biosample in biosamples:
            self._biosample(biosample)
        self._sites_from_diagnoses()

    def _tumours(self, biosamples: list[Part]) -> None:
        """Read biosamples that stand for a tumour each, as this project writes several tumours."""
        for biosample in biosamples:
            if _own_type(biosample, self.of.vocabulary) != "tumour":
                continue
            name = biosample.text("id")
            if not is_id(name):
                self.of.lose(biosample, (), "has no id")
                continue
            tumour = add_level(self.of.draft, Scope.TUMOUR, name)
            self.of.specimens[name] = tumour
            self.of.ledger.carry(f"{biosample.pointer}/id", f"{biosample.pointer}/sampleType")
            self._coded(biosample, "sampledTissue", "tumour.site", tumour)
            self._contents(biosample, tumour)

    def _diseases(self, biosamples: list[Part]) -> None:
        diseases = list(self.of.packet.each("diseases"))
        if self.of.draft.below(Scope.TUMOUR):
            self.of.ledger.aside(*(disease.pointer for disease in diseases))  # told by the tumours
            return
        found = [disease for disease in diseases if self._is_tumour(disease)]
        stated = any(biosample.get("histologicalDiagnosis") for biosample in biosamples)
        for number, disease in enumerate(found, 1):
            tumour = add_level(self.of.draft, Scope.TUMOUR, str(number))
            self._disease(disease, tumour, stated=stated)
        if len(found) > 1 and biosamples:
            self._match_biosamples(found, biosamples)
        for disease in self.metastases:
            self._metastasis(disease)

    def _is_tumour(self, disease: Part) -> bool:
        """Whether a disease is a tumour of this field; what else there is, is listed."""
        codes = class_of(disease.get("term"), self.of.vocabulary)
        site = class_of(disease.get("primarySite"), self.of.vocabulary)
        excluded = disease.get("excluded")
        if excluded is not None and excluded.data is True:
            self.of.lose(disease, codes, "is excluded, so the patient does not have it")
            return False
        if self.of.vocabulary.is_one_of("secondary", codes):
            self.metastases.append(disease)
            return False
        known = any(self._entity(code) for code in codes)
        if known or self.of.vocabulary.is_unspecific(codes) or is_own(codes):
            return True
        if any(self.of.vocabulary.concept("tumour_site", code) for code in site):
            return True
        self.of.lose(disease, codes, "the code names no tumour that is known here")
        return False

    def _metastasis(self, disease: Part) -> None:
        """Say of the only tumour how far it has spread."""
        codes = class_of(disease.get("term"), self.of.vocabulary)
        tumour = self.of.placer.tumour()
        if tumour is None:
            self.of.lose(disease, codes, "is a metastasis, and nothing says of which tumour")
            return
        seen = Seen(f"{disease.pointer}/term", codes, Answer(text="metastatic"))
        self.of.placer.state("disease.extent", seen, tumour)

    def _entity(self, code: Code) -> str | None:
        if code.system == OWN:
            return code.code
        return self.of.vocabulary.concept("tumour_entity", code)

    def _disease(self, disease: Part, tumour: Draft, *, stated: bool) -> None:
        if (term := disease.get("term")) is not None:
            self._term(term, tumour, stated=stated)
        self._coded(disease, "primarySite", "tumour.site", tumour)
        for stage in disease.each("diseaseStage"):
            codes = class_of(stage, self.of.vocabulary)
            self.of.placer.state("disease.stage", Seen(stage.pointer, codes, Answer(codes)), tumour)
        self._tnm(disease, "clinicalTnmFinding", tumour)
        onset = moment_of(disease.get("onset"))
        if onset.age:
            self._age(onset, f"{disease.pointer}/onset")

    def _term(self, term: Part, tumour: Draft, *, stated: bool) -> None:
        """State what the disease is called of its only specimen, unless biosamples say it."""
        codes = class_of(term, self.of.vocabulary)
        self._imply_site(tumour, codes)
        if self.of.vocabulary.is_unspecific(codes) or stated:
            self.of.ledger.aside(term.pointer)
        elif not any(self._entity(code) for code in codes):
            self.of.lose(term, codes, "the code names no tumour that is known here")
        elif _has_several(self.of.packet):
            why = "the diagnosis of the disease is that of no biosample in particular"
            self.of.lose(term, codes, why)
        elif (specimen := tumour.reach(Scope.SPECIMEN)) is not None:
            seen = Seen(term.pointer, codes, Answer(codes))
            self.of.placer.state("diagnosis.reported", seen, specimen)
            self.of.specimens.setdefault("", specimen)  # that of the biosample that is to come

    def _age(self, onset: Moment, pointer: str) -> None:
        low, high = onset.age or (0.0, 0.0)
        seen = Seen(pointer, (), Answer(ends=(low, high, False, False), unit="years"))
        if "patient.age" not in self.of.draft.facts:
            self.of.placer.state("patient.age", seen, self.of.draft)

    def _match_biosamples(self, diseases: list[Part], biosamples: list[Part]) -> None:
        """Give each biosample to the only disease with its diagnosis; else it has no tumour."""
        tumours = self.of.draft.below(Scope.TUMOUR)
        terms = [class_of(disease.get("term"), self.of.vocabulary) for disease in diseases]
        for biosample in biosamples:
            codes = class_of(biosample.get("histologicalDiagnosis"), self.of.vocabulary)
            same = [
                number
                for number, term in enumerate(terms)
                if term and codes and term[0].key == codes[0].key
            ]
            if len(same) == 1 and is_id(name := biosample.text("id")):
                self.of.specimens[name] = add_level(tumours[same[0]], Scope.SPECIMEN, name)

    def _imply_site(self, tumour: Draft, codes: tuple[Code, ...]) -> None:
        for code in codes if not self.of.own else ():
            if site := self.of.vocabulary.implied_site(code):
                self.sites.setdefault(id(tumour), set()).add(site)

    def _sites_from_diagnoses(self) -> None:
        """State the organ that a diagnosis names, where nothing else states one."""
        for tumour in self.of.draft.below(Scope.TUMOUR):
            found = self.sites.get(id(tumour), set())
            if len(found) == 1 and "tumour.site" not in tumour.facts:
                site = next(iter(found))
                origin = Origin(self.of.ledger.findings.file, "by the code of the diagnosis")
                tumour.facts["tumour.site"] = Observed("tumour.site", site, origin)

    # --- biosamples --------------------------------------------------------------------------

    def _biosample(self, biosample: Part) -> None:
        kind = _own_type(biosample, self.of.vocabulary)
        name = biosample.text("id")
        if kind == "tumour":
            return
        if kind == "component":
            self._component(biosample)
            return
        fields = ("materialSample", "histologicalDiagnosis")
        material = tuple(
            code for field in fields for code in class_of(biosample.get(field), self.of.vocabulary)
        )
        if self.of.vocabulary.is_one_of("reference_samples", material):
            self.of.lose(biosample, material, "is a reference sample, not one of the tumour")
            return
        specimen = self._specimen(biosample, name)
        if specimen is None:
            why = "there are several tumours, and nothing says of which the biosample is"
            self.of.lose(biosample, (), why)
            return
        self.of.ledger.carry(f"{biosample.pointer}/id")
        self._contents(biosample, specimen)

    def _specimen(self, biosample: Part, name: str) -> Draft | None:
        """Return the level of a biosample; None where it is not clear of which tumour it is."""
        if name in self.of.specimens:
            return self.of.specimens[name]
        parent = self.of.specimens.get(biosample.text("derivedFromId"))
        if parent is not None and parent.scope is Scope.TUMOUR:
            self.of.ledger.carry(f"{biosample.pointer}/derivedFromId")
        else:
            parent = self.of.placer.tumour()
        if parent is None or not is_id(name):
            return None
        diagnosed = self.of.specimens.pop("", None)
        if diagnosed is not None and diagnosed.parent is parent:
            diagnosed.id = name  # the diagnosis of the disease is that of its only biosample
            self.of.specimens[name] = diagnosed
        else:
            self.of.specimens[name] = add_level(parent, Scope.SPECIMEN, name)
        return self.of.specimens[name]

    def _component(self, biosample: Part) -> None:
        specimen = self.of.specimens.get(biosample.text("derivedFromId"))
        label = (biosample.get("sampleType") or Part({})).text("label")
        if specimen is None or specimen.scope is not Scope.SPECIMEN or not is_id(label):
            self.of.lose(biosample, (), "is a component of no biosample of this packet")
            return
        component = add_level(specimen, Scope.COMPONENT, label)
        names = ("id", "derivedFromId", "sampleType")
        self.of.ledger.carry(*(f"{biosample.pointer}/{name}" for name in names))
        self._contents(biosample, component)

    def _contents(self, biosample: Part, level: Draft) -> None:
        """Read what a biosample says of itself."""
        self.of.ledger.aside(*(f"{biosample.pointer}/{name}" for name in _NO_FACTS))
        moment = moment_of(biosample.get("timeOfCollection"))
        if level.scope is Scope.SPECIMEN:
            level.date = moment.date
            self._remember_age(level, moment, f"{biosample.pointer}/timeOfCollection")
            self._coded(biosample, "histologicalDiagnosis", "diagnosis.reported", level)
            codes = class_of(biosample.get("histologicalDiagnosis"), self.of.vocabulary)
            if level.parent is not None:
                self._imply_site(level.parent, codes)
            self._coded(biosample, "tumorProgression", "specimen.site_type", level)
            self._coded(biosample, "tumorGrade", "grade.reported", level)
            self._coded(biosample, "sampledTissue", "specimen.organ", level)
            self._coded(biosample.get("procedure") or Part({}), "code", "specimen.procedure", level)
            self._coded(biosample, "pathologicalStage", "disease.stage", level)
            self._tnm(biosample, "pathologicalTnmFinding", level)
        for measurement in biosample.each("measurements"):
            self.measurements.read(measurement, level)
        for feature in biosample.each("phenotypicFeatures"):
            self.measurements.read_feature(feature, level)

    def _coded(self, part: Part, field: str, fact: str, level: Draft) -> None:
        """State a fact by the class of a field, if the field is there."""
        found = part.get(field)
        codes = class_of(found, self.of.vocabulary)
        home = level.reach(self.of.vocabulary.knowledge.facts[fact].scope)
        if found is None or not codes:
            return
        if home is None:
            self.of.lose(found, codes, "it is not clear of what it is said")
        else:
            self.of.placer.state(fact, Seen(found.pointer, codes, Answer(codes)), home)

    def _tnm(self, part: Part, field: str, level: Draft) -> None:
        home = level.reach(Scope.TUMOUR)
        for finding in part.each(field):
            text = finding.text("label")
            category = tnm_category(text.split(" ")[0])
            if category and home is not None:
                self.of.placer.add_tnm(category, home)
                self.of.ledger.carry(finding.pointer)
            else:
                self.of.lose(finding, class_of(finding, self.of.vocabulary), "is no TNM category")

    def _remember_age(self, level: Draft, moment: Moment, pointer: str) -> None:
        if moment.date:
            self.of.ledger.carry(pointer)
        elif moment.age:
            self.of.ages[id(level)] = moment.age[0]
            self.of.ledger.carry(pointer)  # carried as the order of the specimens


def _own_type(biosample: Part, vocabulary: Vocabulary) -> str:
    """Return what kind of own pseudo-sample a biosample is; empty for one of the laboratory."""
    codes = class_of(biosample.get("sampleType"), vocabulary)
    return next((code.code for code in codes if code.system == OWN), "")


def _has_several(packet: Part) -> bool:
    return sum(1 for _ in packet.each("biosamples")) > 1
