"""Molecular groups from one sample: calibrated, abstaining, from ranks among a panel's own genes.

Inference needs NumPy alone; the parameters are JSON files in `models/` that can be read.
"""

from nenuphar.methods.expression.subtypes.calls import (
    ABSTAINED,
    CALLED,
    EQUIVOCAL,
    Call,
    call_places,
    classify,
    panel_columns,
    panel_layout,
    panel_values,
    take_panel,
)
from nenuphar.methods.expression.subtypes.immunohistochemistry import (
    StainPanel,
    classify_stains,
    load_stains,
)
from nenuphar.methods.expression.subtypes.model import Model, load_model
from nenuphar.methods.expression.subtypes.recalibration import (
    ENOUGH,
    RecalibrationError,
    recalibrate,
)
from nenuphar.methods.expression.subtypes.reference import Reference, load_reference
from nenuphar.methods.expression.subtypes.sclc import SclcRule, classify_sclc, load_sclc
from nenuphar.methods.expression.subtypes.views import familiarity, ranks

FITTED_PANELS = ("lung-net", "lung-nen", "pannet")
STAIN_PANELS = ("sclc-ihc", "lung-net-ihc")

__all__ = [
    "ABSTAINED",
    "CALLED",
    "ENOUGH",
    "EQUIVOCAL",
    "FITTED_PANELS",
    "STAIN_PANELS",
    "Call",
    "Model",
    "RecalibrationError",
    "Reference",
    "SclcRule",
    "StainPanel",
    "call_places",
    "classify",
    "classify_sclc",
    "classify_stains",
    "familiarity",
    "load_model",
    "load_reference",
    "load_sclc",
    "load_stains",
    "panel_columns",
    "panel_layout",
    "panel_values",
    "ranks",
    "recalibrate",
    "take_panel",
]
