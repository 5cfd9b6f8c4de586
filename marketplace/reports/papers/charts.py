"""How charts look, and how they become SVG: two colours that mean something, and nothing asked of anybody."""

from __future__ import annotations

from typing import Any

import altair as alt
import vl_convert

WIDTH, HEIGHT, BAR = 560, 300, 22
INK, QUIET, GRID = "#1d1b17", "#6a6458", "#e8e1d3"
DEMAND, SUPPLY, MARKET = "#1f62a8", "#bf4f14", "#6a6458"
SIDES = {"buyers": DEMAND, "sellers": SUPPLY, "market": MARKET}
FONT = "Libertinus Serif, Palatino, Georgia, serif"
NAME_PIXELS = 170


def svg_of(chart: Any) -> str:
    """The chart as SVG without styles, scripts or links; V8 draws it inside this process."""
    drawn = chart.configure(font=FONT, background="transparent", aria=False)
    drawn = drawn.configure_view(stroke=None).configure_axis(
        labelColor=QUIET,
        titleColor=QUIET,
        gridColor=GRID,
        domainColor=QUIET,
        tickColor=QUIET,
        labelFontSize=12,
        titleFontSize=12,
        titleFontWeight="normal",
        labelLimit=NAME_PIXELS,
    )
    drawn = drawn.configure_legend(labelFontSize=12, orient="top", title=None, labelColor=INK)
    return str(vl_convert.vegalite_to_svg(drawn.to_dict()))


def money_axis(currency: str, exponent: int, title: str = "") -> alt.Axis:
    """Amounts with no more decimals than they need."""
    return alt.Axis(title=f"{title}, {currency}" if title else currency, format=f",.{exponent}~f", tickCount=5)


def coloured(field: str, colours: dict[str, str]) -> alt.Color:
    """One colour a name, in this order."""
    scale = alt.Scale(domain=list(colours), range=list(colours.values()))
    return alt.Color(f"{field}:N", scale=scale, legend=alt.Legend(title=None))
