"""Cases as Phenopackets or FHIR bundles."""

from __future__ import annotations

import json

from nenuphar.domain.case import Case
from nenuphar.domain.problems import Problem, UsageError
from nenuphar.io.exchange.vocabulary import vocabulary_of
from nenuphar.knowledge.base import KnowledgeBase


def document_of(
    case: Case, to: str, knowledge: KnowledgeBase, source: str
) -> tuple[str, list[Problem]]:
    """Write a case as a document of another form; the same case gives the same text.

    Args:
        case: The case.
        to: `phenopacket` or `fhir`.
        knowledge: The declared facts.
        source: Name of the input, for what is listed.

    Returns:
        The document as JSON, and what it does not carry.

    Raises:
        UsageError: The libraries that check the document are not installed.
    """
    vocabulary = vocabulary_of(knowledge)
    try:
        if to == "fhir":
            from nenuphar.io.exchange.fhir_writer import bundle_of

            document, lost = bundle_of(case, vocabulary, source)
        else:
            from nenuphar.io.exchange.phenopacket_writer import packet_of

            document, lost = packet_of(case, vocabulary, source)
    except ModuleNotFoundError as error:
        raise UsageError(f"{error.name} is not installed; install nenuphar[exchange]") from error
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n", lost
