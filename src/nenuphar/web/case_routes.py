"""The page on which one case is entered and concluded at once."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from nenuphar.domain.case import Case
from nenuphar.domain.problems import UsageError
from nenuphar.io.case_writer import write_case
from nenuphar.knowledge.base import load_knowledge
from nenuphar.web import conclude
from nenuphar.web.case_form import Entered, filled, read_entered
from nenuphar.web.forms import Form
from nenuphar.web.found import Memory
from nenuphar.web.pages import FINDINGS_POLICY, render
from nenuphar.web.project_routes import ThisIntake, to
from nenuphar.web.uploads import safe_name

router = APIRouter()

_UNNAMED = "unnamed"


@router.get("/case")
def empty_case(request: Request, memory: Memory) -> Response:
    """Show the empty form."""
    return _form(request, memory, Entered({}, {}))


@router.post("/case")
def conclude_case(request: Request, form: Form, memory: Memory, intake: ThisIntake) -> Response:
    """Conclude, save, download, or open another entry of the form."""
    entered = Entered.of(form.multi_items())
    action = entered.values.get("action", "conclude")
    if action.startswith("add:"):
        return _form(request, memory, entered, opened=action.partition(":")[2])
    if action in ("yaml", "save"):
        read = read_entered(entered, load_knowledge())
        if not read.problems:
            return _keep(entered, read.cases[0], intake, memory, save=action == "save")
        # What cannot be read would be lost from the file; it is shown instead.
        return _form(request, memory, entered, unnamed="")
    return _form(request, memory, entered, concluded=True)


@router.post("/case/brief")
def brief_case(request: Request, form: Form) -> Response:
    """Return the call of what is entered so far, as a part of the page."""
    kb = load_knowledge()
    read = read_entered(Entered.of(form.multi_items()), kb, _UNNAMED)
    if not read.cases:
        raise UsageError("the id of the patient cannot be used")
    found = conclude.brief(conclude.assessed(read.cases[0], kb), kb)
    return render(request, "brief.html", brief=found, problems=read.problems)


def _form(
    request: Request,
    memory: Memory,
    entered: Entered,
    *,
    concluded: bool = False,
    opened: str = "",
    unnamed: str = _UNNAMED,
) -> HTMLResponse:
    kb = load_knowledge()
    read = read_entered(entered, kb, unnamed) if entered.values else None
    problems = read.problems if read else ()
    groups, entries, assay = filled(entered, problems, kb)
    own = {words for group in groups for f in group.fields for words in f.problems}
    own |= {w for _, every in entries for g in every for f in g.fields for w in f.problems}
    assessment = conclude.assessed(read.cases[0], kb) if read and read.cases else None
    page = render(
        request, "case_form.html",
        title=entered.patient or "Enter a case",
        groups=groups,
        entries=entries,
        assay=assay,
        opened=opened,
        problems=[p for p in problems if f"{p.reason}; {p.fix}" not in own],
        findings=conclude.findings(assessment, problems, kb) if concluded and assessment else "",
        brief=conclude.brief(assessment, kb) if assessment else None,
        projects=[project for project, _ in memory.projects()],
        patient=entered.patient,
    )  # fmt: skip
    page.headers["content-security-policy"] = FINDINGS_POLICY
    return page


def _keep(
    entered: Entered, case: Case, intake: ThisIntake, memory: Memory, *, save: bool
) -> Response:
    """Send the case as YAML, or put it into a project."""
    text, name = write_case(case), f"{safe_name(case.patient)}.yaml"
    if save:
        project = memory.project(entered.values.get("project", ""))
        if project is None:
            raise UsageError("there is no project yet to save the case to; begin one first")
        source, _ = intake.text(project, name, text)
        return to(f"/inputs/{source.id}")
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    kept = {"content-disposition": f'attachment; filename="{plain}"'}
    return Response(text, media_type="application/yaml", headers=kept)
