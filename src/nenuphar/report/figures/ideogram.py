"""The genome of a tumour in one figure: what is lost, gained, or left with one parent's copy."""

from __future__ import annotations

from collections.abc import Sequence

from nenuphar.report.figures.axes import WIDTH, Style, fill, legend, patterns, text
from nenuphar.terminology.genome import AUTOSOMES, arms, chromosome_lengths

STYLES = {
    "loss": Style("#0072b2"),
    "gain": Style("#d55e00", "|"),
    "loh": Style("#cc79a7", "/"),
    "gain_loh": Style("#8a5a00", "\\"),
}
WORDS = {
    "loss": "lost",
    "gain": "gained",
    "loh": "LOH, copies kept",
    "gain_loh": "gained, one parent's copy",
}
_ROWS = (AUTOSOMES[:8], AUTOSOMES[8:])
_BAR, _STEP, _GAP = 20, 62, 7
_NAME = "ideogram"


def ideogram(profile: str, genome: str = "hg19", clusters: str = "") -> str:
    """Draw the autosomes of a specimen.

    Args:
        profile: Stretches of changed copy number, `18:18500-78077=loss;...` in kilobases, or
            `none`; empty where copy number was not measured.
        genome: Genome build of the positions.
        clusters: Clusters of breakpoints, `11:67293-77729=13;...`: kilobases, rearrangements.

    Returns:
        SVG; every stretch carries its words, so that nothing is told by colour alone.
    """
    lengths = chromosome_lengths(genome)
    stretches = [one for one in _parsed(profile) if one[3] in STYLES]
    crowded = [one for one in _parsed(clusters) if one[3].isdigit()]
    parts = [patterns(_NAME, STYLES.values())]
    for row, names in enumerate(_ROWS):
        scale = (WIDTH - _GAP * (len(names) - 1)) / sum(lengths[name] for name in names)
        x, y = 0.0, 18.0 + row * _STEP
        for name in names:
            own = [one for one in stretches if one[0] == name]
            parts.append(_chromosome(name, x, y, scale, lengths[name], own, genome))
            parts += [_bracket(one, x, y, scale) for one in crowded if one[0] == name]
            x += lengths[name] * scale + _GAP
    present = [state for state in STYLES if any(one[3] == state for one in stretches)]
    items = [(_swatch(state), WORDS[state]) for state in present or (STYLES if profile else ())]
    items += [(_bracket_path(-11, 22, -4), "breakpoints crowd (rearrangements)")] if crowded else []
    drawn, bottom = legend(items, 18 + len(_ROWS) * _STEP - 16)
    label = _described(stretches, bool(profile), crowded)
    return (
        f'<svg viewBox="0 0 {WIDTH:g} {bottom:g}" role="img" aria-label="{label}" '
        f'font-size="11" fill="currentColor">{"".join(parts)}{drawn}</svg>'
    )


_Stretch = tuple[str, int, int, str]


def _parsed(profile: str) -> list[_Stretch]:
    found = []
    for part in profile.split(";"):
        place, _, state = part.partition("=")
        chromosome, _, ends = place.partition(":")
        first, _, last = ends.partition("-")
        if first.isdigit() and last.isdigit():
            found.append((chromosome, int(first) * 1000, int(last) * 1000, state))
    return found


def _chromosome(
    name: str,
    x: float,
    y: float,
    scale: float,
    length: int,
    stretches: Sequence[_Stretch],
    genome: str,
) -> str:
    width = length * scale
    parts = [
        f'<rect x="{x:.1f}" y="{y:g}" width="{width:.1f}" height="{_BAR}" rx="5" '
        'fill="currentColor" fill-opacity=".1"/>'
    ]
    for number, (_, first, last, state) in enumerate(stretches):
        del number
        left, wide = x + first * scale, max((last - first) * scale, 1.2)
        words = f"chromosome {name}, {first // 10**6}-{last // 10**6} Mb: {WORDS[state]}"
        paint = fill(_NAME, list(STYLES).index(state), STYLES[state])
        parts.append(
            f'<rect x="{left:.1f}" y="{y:g}" width="{wide:.1f}" height="{_BAR}" fill="{paint}">'
            f"<title>{words}</title></rect>"
        )
    centre = next((a.start for a in arms(genome) if (a.chromosome, a.arm) == (name, "q")), 0)
    if centre * scale > 3:  # acrocentric chromosomes have no short arm to tell apart
        at = x + centre * scale
        parts.append(
            f'<path d="M{at:.1f} {y - 2:g}V{y + _BAR + 2:g}" stroke="currentColor" '
            'stroke-width="1.2"/>'
        )
    parts.append(text(x + width / 2, y - 5, name, "middle"))
    return "".join(parts)


def _swatch(state: str) -> str:
    paint = fill(_NAME, list(STYLES).index(state), STYLES[state])
    return f'<rect x="-11" y="-5" width="22" height="10" fill="{paint}"/>'


def _bracket(cluster: _Stretch, x: float, y: float, scale: float) -> str:
    """Mark a cluster below its chromosome, with how many rearrangements have an end in it."""
    name, first, last, number = cluster
    left, wide, below = x + first * scale, max((last - first) * scale, 2.0), y + _BAR + 3
    words = (
        f"chromosome {name}, {first // 10**6}-{last // 10**6} Mb: "
        f"breakpoints of {number} rearrangements crowd"
    )
    return (
        f"<g><title>{words}</title>{_bracket_path(left, wide, below)}"
        f"{text(left + wide / 2, below + 15, number, 'middle')}</g>"
    )


def _bracket_path(left: float, wide: float, y: float) -> str:
    return (
        f'<path d="M{left:.1f} {y:g}v4h{wide:.1f}v-4" fill="none" stroke="currentColor" '
        'stroke-width="1.6"/>'
    )


def _described(stretches: Sequence[_Stretch], measured: bool, crowded: Sequence[_Stretch]) -> str:
    changed = ", ".join(dict.fromkeys(name for name, *_ in stretches))
    said = f"changes on chromosomes {changed}" if changed else "nothing changed"
    label = f"Copy number along the autosomes: {said if measured else 'not measured'}"
    if crowded:
        places = ", ".join(dict.fromkeys(name for name, *_ in crowded))
        label += f"; breakpoints crowd on chromosomes {places}"
    return label
