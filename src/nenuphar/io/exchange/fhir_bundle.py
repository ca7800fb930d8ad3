"""The resources of a FHIR bundle: validated one by one, found again by reference."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from nenuphar.io.exchange.ledger import Ledger, escape
from nenuphar.io.exchange.parts import Part

_RESOURCE = re.compile(r"([A-Za-z]+)/([A-Za-z0-9.\-]{1,64})(?:/_history/\w+)?$")
_TYPE = re.compile(r"[A-Z][A-Za-z]{2,60}")
_WRAPPING = ("fullUrl", "link", "search", "request", "response")
_OF_BUNDLES = (
    *("resourceType", "id", "meta", "type", "timestamp", "total", "link", "identifier"),
    *("signature", "language", "implicitRules", "issues"),
)


@dataclass(frozen=True)
class Resource:
    """A resource of a bundle, or one contained in it.

    Attributes:
        part: Its content, with the path in the document.
        kind: Its resource type.
        key: What tells it from others: `Specimen/s1`, or its path where it has no id.
        url: Its full URL in the bundle; empty where it has none.
        container: The resource that it is contained in.
    """

    part: Part
    kind: str
    key: str
    url: str = ""
    container: Resource | None = None


@dataclass
class Bundle:
    """The resources of a bundle.

    Attributes:
        resources: Those that are valid and told apart, in order.
        ledger: Account of the document.
    """

    resources: list[Resource]
    ledger: Ledger
    _by_name: dict[str, Resource] = field(default_factory=dict)

    def of(self, *kinds: str) -> Iterator[Resource]:
        """Yield the resources of some types, in order."""
        return (each for each in self.resources if each.kind in kinds)

    def find(self, reference: Part | None, origin: Resource) -> Resource | None:
        """Return what a reference of a resource points at; None where that is not in the bundle."""
        text = reference.text("reference") if reference is not None else ""
        if text.startswith("#"):
            return _contained(origin.container or origin, text[1:])
        if text in self._by_name:
            return self._by_name[text]
        named = _RESOURCE.search(text)
        return self._by_name.get(f"{named[1]}/{named[2]}") if named else None


def _contained(origin: Resource, name: str) -> Resource | None:
    for part in origin.part.each("contained"):
        if part.text("id") == name:
            kind = part.text("resourceType")
            return Resource(part, kind, f"{origin.key}#{name}", "", origin)
    return None


def index_bundle(data: dict[str, Any], ledger: Ledger) -> Bundle:
    """Validate the resources of a bundle and make them findable; what is not valid is listed."""
    ledger.aside(*(f"/{name}" for name in _OF_BUNDLES))
    bundle = Bundle([], ledger)
    names: dict[str, list[tuple[Resource, str]]] = {}
    entries = data.get("entry") or []
    for number, entry in enumerate(entries if isinstance(entries, list) else []):
        pointer = f"/entry/{number}"
        if not isinstance(entry, dict):
            ledger.lose(pointer, "", "an entry", "is no entry with a resource")
            continue
        ledger.aside(*(f"{pointer}/{name}" for name in _WRAPPING))
        resource = _checked(entry, f"{pointer}/resource", ledger)
        if resource is not None:
            bundle.resources.append(resource)
            for name in dict.fromkeys((resource.key, resource.url or resource.key)):
                names.setdefault(name, []).append((resource, name))
    _settle(bundle, names)
    return bundle


def _settle(bundle: Bundle, names: dict[str, list[tuple[Resource, str]]]) -> None:
    """Let each name mean one resource; of equal ones the first stands, different ones both fall."""
    dropped: set[int] = set()
    for name, found in names.items():
        first = found[0][0]
        others = [each for each, _ in found[1:] if each is not first]
        same = all(each.part.data == first.part.data for each in others)
        for each in others if same else [first, *others] if others else []:
            dropped.add(id(each))
            reason = "stands twice under one id" + ("" if same else ", with different content")
            bundle.ledger.lose(each.part.pointer, "", each.kind, reason, "give it an id of its own")
        if same:
            bundle._by_name[name] = first
    bundle.resources = [each for each in bundle.resources if id(each) not in dropped]


def _checked(entry: dict[str, Any], pointer: str, ledger: Ledger) -> Resource | None:
    raw, url = entry.get("resource"), entry.get("fullUrl")
    kind = raw.get("resourceType") if isinstance(raw, dict) else None
    if not isinstance(kind, str) or not _TYPE.fullmatch(kind):
        ledger.lose(pointer, "", "a resource", "the entry holds no resource with a type")
        return None
    path = _invalid(kind, raw)
    if path is not None:
        known = path != "?"
        reason = f"is no valid FHIR {kind} at {path}" if known else f"FHIR has no resource {kind}"
        fix = "mend it; a FHIR validator says more"
        ledger.lose(f"{pointer}{path if known else ''}", "", kind, reason, fix, value=True)
        ledger.lose(pointer, "", kind, "the resource is not valid and left out", fix)
        return None
    name = raw.get("id")
    key = f"{kind}/{name}" if isinstance(name, str) and name else pointer
    return Resource(Part(raw, pointer), kind, key, url if isinstance(url, str) else "")


def _invalid(kind: str, raw: dict[str, Any]) -> str | None:
    """Return the path of what makes a resource invalid in R4 and in R5; None where it is valid."""
    from pydantic import ValidationError

    first = "?"
    for release in ("R4B", "R5"):
        model = _model(kind, release)
        if model is None:
            continue
        try:
            model.model_validate(raw)
        except ValidationError as error:
            where = error.errors(include_input=False, include_url=False, include_context=False)
            path = "".join(f"/{escape(str(step))}" for step in where[0]["loc"])
            first = path if first == "?" else first
        except (TypeError, ValueError, AttributeError, RecursionError):
            first = "" if first == "?" else first
        else:
            return None
    return first


@lru_cache(maxsize=512)
def _model(kind: str, release: str) -> Any:
    """Return the model of a resource type in a release; None where the release has no such type."""
    if release == "R4B":
        from fhir.resources.R4B import get_fhir_model_class
    else:
        from fhir.resources import get_fhir_model_class
    try:
        return get_fhir_model_class(kind)
    except (LookupError, ImportError, AttributeError, ValueError):
        return None
