"""Pages of the knowledge base: search, a record, pooled evidence, the literature."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from markupsafe import Markup
from starlette.exceptions import HTTPException

from nenuphar.knowledge.base import load_knowledge
from nenuphar.knowledge.search import search
from nenuphar.web.knowledge_view import view_of
from nenuphar.web.pages import FINDINGS_POLICY, render, report_response

router = APIRouter()

MOST_HITS = 100
LONGEST_QUERY = 200


@router.get("/knowledge")
def find(request: Request, q: str = "", kind: str = "") -> Response:
    """Search the records."""
    kb, words = load_knowledge(), q[:LONGEST_QUERY].strip()
    hits = search(kb, words, kind) if words or kind else []
    return render(
        request, "knowledge.html",
        title="Knowledge",
        q=words,
        kind=kind,
        kinds=_kinds(),
        hits=hits[:MOST_HITS],
        found=len(hits),
        knowledge_release=kb.release,
        records=len(kb.raw),
    )  # fmt: skip


@router.get("/knowledge/records/{record}")
def show(request: Request, record: str) -> Response:
    """Show a record."""
    kb = load_knowledge()
    if record not in kb.raw:
        raise HTTPException(404)
    return render(request, "record.html", title=record, record=view_of(kb, record), known=kb.raw)


@router.get("/knowledge/evidence")
def pool(
    request: Request,
    endpoint: str = "",
    population: str = "",
    strategy: str = "",
    method: str = "glmm",
) -> Response:
    """Pool what studies report, with a forest plot."""
    asked = (endpoint.strip()[:40], population.strip()[:80], strategy.strip()[:40], method[:20])
    answer, refusal = pooled(*asked) if asked[0] else ({}, "")
    page = render(
        request, "evidence_pool.html",
        title="Pooled evidence",
        asked=dict(zip(("endpoint", "population", "strategy", "method"), asked, strict=True)),
        choices=_choices(),
        answer=answer,
        refusal=refusal,
        figure=_figure(answer),
    )  # fmt: skip
    page.headers["content-security-policy"] = FINDINGS_POLICY
    return page


@router.get("/knowledge/literature")
def literature() -> Response:
    """Show every record of the literature on one page, with filters."""
    from nenuphar.pipeline.evidence.page import browser_page

    text, _ = browser_page(load_knowledge())
    return report_response(text, "/knowledge", "Knowledge")


@router.get("/api")
def for_scripts(request: Request) -> Response:
    """Describe the interface for scripts."""
    groups: dict[str, list[tuple[str, str, str]]] = {}
    for place, operations in request.app.openapi()["paths"].items():
        for method, operation in operations.items():
            line = (method.upper(), place, operation["description"])
            groups.setdefault(operation["tags"][0], []).append(line)
    address = request.app.state.settings.address
    groups_in_order = list(groups.items())
    return render(
        request, "api.html", title="For scripts", groups=groups_in_order, address=address
    )  # fmt: skip


@lru_cache(maxsize=64)
def pooled(
    endpoint: str, population: str, strategy: str, method: str
) -> tuple[dict[str, Any], str]:
    """Return what `nenuphar evidence pool` answers from the records, and why it refuses to."""
    from nenuphar.methods.evidence.estimate import EvidenceError, PoolingPlan
    from nenuphar.methods.evidence.selection import Question
    from nenuphar.pipeline.evidence.answer import Wishes, answer, from_records

    kb = load_knowledge()
    try:
        plan = PoolingPlan(method)  # type: ignore[arg-type]  # it checks its method itself
        populations = (population,) if population else ()
        question = Question(endpoint, populations, strategy or None, None)
        material = from_records(kb.kinds("outcome"), question, kb.above)
    except EvidenceError as error:
        return {}, str(error)
    return answer(material, plan, Wishes()), ""


def _figure(answer: dict[str, Any]) -> Markup:
    if not answer.get("studies"):
        return Markup("")
    from nenuphar.report.figures.small_forest import small_forest

    return Markup(small_forest(answer, (), answer["title"]))  # noqa: S704 - drawn there, escaped


@lru_cache(maxsize=1)
def _kinds() -> list[tuple[str, int]]:
    counted: dict[str, int] = {}
    for record in load_knowledge().raw.values():
        counted[record["kind"]] = counted.get(record["kind"], 0) + 1
    return sorted(counted.items())


@lru_cache(maxsize=1)
def _choices() -> dict[str, list[str]]:
    """Return the endpoints and strategies that the records have."""
    outcomes = load_knowledge().kinds("outcome")
    names = ("endpoint", "strategy", "entity")
    return {n: sorted({str(r[n]) for r in outcomes if r.get(n)}) for n in names}
