"""Phenopackets and FHIR bundles as cases, whichever a document turns out to be."""

from __future__ import annotations

from typing import Any

from nenuphar.domain.case import Case
from nenuphar.domain.problems import UnreadableInputError
from nenuphar.io.exchange.documents import Form
from nenuphar.io.exchange.vocabulary import vocabulary_of
from nenuphar.io.result import Findings
from nenuphar.knowledge.base import KnowledgeBase


def read_exchange(
    data: Any, form: Form, knowledge: KnowledgeBase, findings: Findings
) -> list[tuple[int, Case | None]]:
    """Read a document of another form; one entry for each patient, None where it is rejected.

    Args:
        data: The document, as JSON or YAML was read.
        form: What `form_of` says that it is.
        knowledge: The declared facts.
        findings: Where everything goes that is not carried.

    Raises:
        UnreadableInputError: It holds no patient, or the libraries that read it are not installed.
    """
    vocabulary = vocabulary_of(knowledge)
    try:
        if form == "fhir":
            from nenuphar.io.exchange.fhir_reader import read_bundle

            return read_bundle(data, vocabulary, findings)
        from nenuphar.io.exchange.phenopacket_reader import read_packet

        packets = data if isinstance(data, list) else [data]
        return [
            (line, read_packet(packet, vocabulary, findings, line))
            for packet in packets
            for line in (getattr(packet, "line", 0),)
        ]
    except ModuleNotFoundError as error:
        raise UnreadableInputError(
            f"{findings.file}: {error.name} is not installed; install nenuphar[exchange]"
        ) from error
