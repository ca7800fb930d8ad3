"""Signature scores from the ranks within a sample: single-sample, the same in any order."""

from nenuphar.methods.expression.frames import by_range, score
from nenuphar.methods.expression.quality import (
    Finding,
    constant_samples,
    inspect_names,
    inspect_values,
)
from nenuphar.methods.expression.scorer import Batch, ExpressionError, Scorer
from nenuphar.methods.expression.signatures import (
    Signature,
    SignatureError,
    as_signatures,
    builtin_signatures,
)
from nenuphar.methods.expression.statistics import METHODS, OptionError, Options

__all__ = [
    "METHODS",
    "Batch",
    "ExpressionError",
    "Finding",
    "OptionError",
    "Options",
    "Scorer",
    "Signature",
    "SignatureError",
    "as_signatures",
    "builtin_signatures",
    "by_range",
    "constant_samples",
    "inspect_names",
    "inspect_values",
    "score",
]
