"""Signature scores from the ranks within a sample: single-sample, one-pass, the same in any order."""

from nenuphar.methods.expression.scorer import ExpressionError, Scorer
from nenuphar.methods.expression.signatures import (
    Signature,
    SignatureError,
    as_signatures,
    builtin_signatures,
)
from nenuphar.methods.expression.statistics import METHODS, OptionError, Options

__all__ = [
    "METHODS",
    "ExpressionError",
    "OptionError",
    "Options",
    "Scorer",
    "Signature",
    "SignatureError",
    "as_signatures",
    "builtin_signatures",
]
