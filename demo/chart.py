"""The picture: requests a second by color over time, with every step of every swap."""

from __future__ import annotations

from collections.abc import Iterator

import plotly.graph_objects as go
import plotly.io

from demo.measure import Story
from localcloud.load import Result

BUCKET_SECONDS = 0.5
COLORS = {"blue": "#2f6fde", "green": "#2c9c69"}
FAILED = "#d43b3b"
_INK, _SOFT, _LINE = "#1c2430", "#5b6675", "#e3e7ed"
_SHADE, _BAND = "rgba(91, 102, 117, 0.10)", "#e1e4e9"


def drawn(story: Story, result: Result) -> str:
    """The chart as HTML with its library in it."""
    figure = go.Figure()
    _areas(figure, result)
    _failed(figure, result)
    _commands(figure, story, result.first_at)
    _shifts(figure, story, result.first_at)
    grid = {"gridcolor": _LINE, "zeroline": False, "showline": False}
    figure.update_layout(
        height=470,
        margin={"l": 56, "r": 16, "t": 64, "b": 48},
        paper_bgcolor="white",
        plot_bgcolor="white",
        font={"family": "system-ui, Segoe UI, Roboto, sans-serif", "size": 13, "color": _INK},
        hovermode="x unified",
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": -0.1, "yanchor": "top", "traceorder": "normal"},
        xaxis={"title": {"text": "seconds since the first request"}, "ticksuffix": " s", **grid},
        yaxis={"title": {"text": "requests a second"}, "rangemode": "tozero", **grid},
    )
    options = {"displayModeBar": False, "responsive": True}
    return str(plotly.io.to_html(figure, full_html=False, include_plotlyjs=True, config=options))


def _areas(figure: go.Figure, result: Result) -> None:
    buckets = result.buckets(BUCKET_SECONDS)
    middle = [bucket.at - result.first_at + BUCKET_SECONDS / 2 for bucket in buckets]
    series = {color: [bucket.per_second.get(color, 0) for bucket in buckets] for color in COLORS}
    series["failed"] = [bucket.failed_per_second for bucket in buckets]
    for name, values in series.items():
        color = COLORS.get(name, FAILED)
        figure.add_trace(
            go.Scatter(
                x=middle,
                y=values,
                name=name,
                stackgroup="requests",
                mode="lines",
                line={"width": 0.5, "color": color, "shape": "hvh"},
                fillcolor=color,
                hovertemplate="%{y:.0f}/s",
            )
        )


def _failed(figure: go.Figure, result: Result) -> None:
    """A mark for each failed request: a single one would not be seen in an area."""
    failed = [sample for sample in result.samples() if sample.error][:2000]
    if failed:
        figure.add_trace(
            go.Scatter(
                x=[sample.at - result.first_at for sample in failed],
                y=[0] * len(failed),
                text=[sample.error for sample in failed],
                name="a failed request",
                mode="markers",
                marker={"symbol": "x", "size": 9, "color": FAILED, "line": {"width": 1, "color": "white"}},
                hovertemplate="%{text}",
                cliponaxis=False,
            )
        )


def _spans(story: Story) -> Iterator[tuple[str, float, float]]:
    """The commands that ran while the load did, each with its start and end."""
    if story.noop is not None:
        yield "no-op", story.noop.began_at, story.noop.ended_at
    if story.preview is not None:
        yield "preview", story.preview.began_at, story.preview.ended_at
    if story.refused is not None:
        yield "broken release", story.refused.began_at, story.refused.ended_at
    for swap in story.swaps:
        yield swap.name, swap.up.began_at, swap.up.ended_at


def _commands(figure: go.Figure, story: Story, zero: float) -> None:
    for name, began_at, ended_at in _spans(story):
        start, end = began_at - zero, ended_at - zero
        rectangle = {"type": "rect", "xref": "x", "yref": "paper", "x0": start, "x1": end}
        # Above the areas, half transparent: below them nothing would be seen of it.
        figure.add_shape(y0=0, y1=1, fillcolor=_SHADE, layer="above", line={"width": 0}, **rectangle)
        figure.add_shape(y0=1.085, y1=1.15, fillcolor=_BAND, line={"width": 2, "color": "white"}, **rectangle)
        figure.add_annotation(
            x=(start + end) / 2,
            y=1.1175,
            yref="paper",
            text=name,
            showarrow=False,
            yanchor="middle",
            font={"size": 11, "color": _INK},
        )


def _shifts(figure: go.Figure, story: Story, zero: float) -> None:
    for swap in story.swaps:
        for shift in swap.shifts:
            at, weights = shift.at, shift.weights
            line = {"color": _INK, "width": 1.5, "dash": "dot"}
            figure.add_shape(type="line", xref="x", yref="paper", x0=at - zero, x1=at - zero, y0=0, y1=1.02, line=line)
            figure.add_annotation(
                x=at - zero,
                y=1.02,
                yref="paper",
                text=f"{weights[swap.target]} %",
                hovertext=f"{swap.name}: {swap.target} {weights[swap.target]} %",
                showarrow=False,
                yanchor="bottom",
                font={"size": 12, "color": COLORS[swap.target], "weight": 700},
            )
