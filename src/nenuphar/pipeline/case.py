"""One case, all the way: rows, methods, rules. Loads no table or plotting library."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from nenuphar import __version__
from nenuphar.domain.case import Case
from nenuphar.domain.conclusion import Conclusion, Stamp
from nenuphar.domain.scope import Scope
from nenuphar.engine.explain import explain
from nenuphar.engine.plan import Plan, make_plan
from nenuphar.engine.rows import PatientRows, rows_of_case
from nenuphar.knowledge.base import KnowledgeBase, load_knowledge
from nenuphar.methods import components, several_specimens
from nenuphar.methods.several_specimens import SEVERAL
from nenuphar.pipeline.molecular import describe as molecular
from nenuphar.pipeline.response import lesions
from nenuphar.pipeline.response.best import respond_rows
from nenuphar.pipeline.response.growth import grow_rows
from nenuphar.pipeline.timelines import describe as timelines


@dataclass(frozen=True, eq=False)
class Assessment:
    """What is concluded about one patient.

    Attributes:
        patient: Id.
        conclusions: One for each derived fact and row of its scope.
        rows: The facts that they rest on.
        stamp: What they were made with.
    """

    patient: str
    conclusions: tuple[Conclusion, ...]
    rows: PatientRows
    stamp: Stamp

    def of(self, fact: str) -> list[Conclusion]:
        """Return the conclusions about one fact, one for each row of its scope."""
        return [conclusion for conclusion in self.conclusions if conclusion.fact == fact]


@lru_cache(maxsize=4)
def plan_of(knowledge: KnowledgeBase) -> Plan:
    """Return the plan of a knowledge base, worked out once."""
    return make_plan(knowledge)


@lru_cache(maxsize=4)
def plan_for_single_specimens(knowledge: KnowledgeBase) -> Plan:
    """Return the plan without what compares specimens, which is silent where each is alone."""
    plan = plan_of(knowledge)
    return plan.without(name for name in plan.order if SEVERAL in plan.listed_with(name))


def stamp_of(knowledge: KnowledgeBase, as_of: str = "") -> Stamp:
    """Return what conclusions are made with."""
    return Stamp(knowledge.release, knowledge.digest, __version__, as_of)


def assess_rows(
    patient: str,
    rows: PatientRows,
    knowledge: KnowledgeBase,
    as_of: str = "",
    *,
    every: bool = False,
) -> Assessment:
    """Assess a patient whose facts are already laid out as rows.

    Args:
        patient: Id.
        rows: Observed facts; methods add theirs in place.
        knowledge: The knowledge base.
        as_of: Date up to which the input was considered.
        every: Also list quiet facts of which nothing is known.
    """
    components.describe_rows(rows)
    several_specimens.describe_rows(rows)
    lesions.describe_rows(rows, knowledge)
    respond_rows(rows, knowledge)
    grow_rows(rows, knowledge)
    timelines.describe_rows(rows, knowledge)
    stamp = stamp_of(knowledge, as_of)
    several = any(SEVERAL in row.values for row in rows[Scope.TUMOUR])
    plan = plan_of if every or several else plan_for_single_specimens
    conclusions = explain(plan(knowledge), rows, stamp, every=every)
    return Assessment(patient, tuple(conclusions), rows, stamp)


def assess(
    case: Case, knowledge: KnowledgeBase | None = None, *, every: bool = False
) -> Assessment:
    """Assess one case.

    Args:
        case: The case, as `nenuphar.read_case` reads it.
        knowledge: The knowledge base; the shipped one by default.
        every: Also list quiet facts of which nothing is known.

    Returns:
        All conclusions with their reasons.

    Example:
        >>> from nenuphar.domain.case import Case, Observed, Specimen, Tumour
        >>> tumour = Tumour("1", (Observed("tumour.site", "lung"),), (Specimen("1"),))
        >>> assess(Case("P1", tumours=(tumour,))).of("tumour.entity")[0].status
        'undetermined'
    """
    kb = knowledge or load_knowledge()
    rows = rows_of_case(case, plan_of(kb).variant_columns)
    molecular.describe_case(case, rows, kb)
    return assess_rows(case.patient, rows, kb, every=every)
