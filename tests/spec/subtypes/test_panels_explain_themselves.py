"""`nenuphar kb show PANEL` says what a call rests on."""

import pytest
from typer.testing import CliRunner

from nenuphar.cli.main import app
from nenuphar.methods.expression.subtypes import STAIN_PANELS, load_model
from nenuphar.methods.expression.subtypes.describe import describe_panel, panels

CARDS = "docs/models"


@pytest.mark.parametrize("panel", panels())
def test_every_panel_can_be_shown_by_its_name(panel):
    shown = CliRunner().invoke(app, ["kb", "show", panel])
    assert shown.exit_code == 0
    assert f"panel: {panel}" in shown.stdout
    for group in describe_panel(panel)["groups"]:
        assert group in shown.stdout


def test_a_fitted_panel_names_the_genes_that_speak_for_and_against_a_group():
    model, told = load_model("lung-nen"), describe_panel("lung-nen")["looks_at"]
    heaviest = model.genes[int(model.weights[0].argmax())]
    assert told["A1"]["heaviest_for"].startswith(f"{heaviest}, ")
    assert told["A1"]["programme_high"].split(", ") == [model.genes[i] for i in model.up[0]]
    _, rival, high, low = model.pairs[model.pairs[:, 0] == 0][0]
    expected = f"{model.genes[high]} above {model.genes[low]}, against {model.parts[rival]}"
    assert told["A1"]["pairs"][0] == expected


@pytest.mark.parametrize("panel", STAIN_PANELS)
def test_a_panel_of_stains_shows_its_cut_offs(panel):
    assert all(0 < cut <= 300 for cut in describe_panel(panel)["cuts"].values())
