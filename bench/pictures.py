"""Pictures of figures, as SVG that reads well on light and on dark pages."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape

from bench.outcome import Bars, Curve, number

WIDTH, LABELS, VALUES, MARGIN = 760, 180, 90, 16
BAR, GAP, ROW_GAP, HEAD = 15, 2, 10, 62
PLOT_HEIGHT = 220

STYLE = """
text { font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #1f2937 }
.title { font-size: 15px; font-weight: 600 } .quiet { fill: #6b7280; font-size: 12px }
.ours { fill: #2563eb } .other { fill: #94a3b8 } .second { opacity: .5 }
.line0 { stroke: #2563eb } .line1 { stroke: #d97706 } .line2 { stroke: #059669 } .line3 { stroke: #94a3b8 }
.key0 { fill: #2563eb } .key1 { fill: #d97706 } .key2 { fill: #059669 } .key3 { fill: #94a3b8 }
.line { fill: none; stroke-width: 2; stroke-linejoin: round } .axis { stroke: #d1d5db } .limit { stroke: #dc2626 }
@media (prefers-color-scheme: dark) {
  text { fill: #e5e7eb } .quiet { fill: #9ca3af } .ours { fill: #60a5fa } .other { fill: #64748b }
  .line0 { stroke: #60a5fa } .line1 { stroke: #fbbf24 } .line2 { stroke: #34d399 } .line3 { stroke: #64748b }
  .key0 { fill: #60a5fa } .key1 { fill: #fbbf24 } .key2 { fill: #34d399 } .key3 { fill: #64748b }
  .axis { stroke: #4b5563 } .limit { stroke: #f87171 }
}
"""


def draw(picture: Bars | Curve) -> str:
    """Return the picture as SVG."""
    body, height = _bars(picture) if isinstance(picture, Bars) else _curve(picture)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" role="img">',
            f"<title>{escape(picture.title)}</title>",
            f"<style>{STYLE}</style>",
            _text(MARGIN, 24, picture.title, "title"),
            *body,
            "</svg>\n",
        ]
    )


def _text(x: float, y: float, text: str, name: str = "", anchor: str = "start") -> str:
    kind = f' class="{name}"' if name else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{kind} text-anchor="{anchor}">{escape(text)}</text>'


def _legend(names: Sequence[str], keys: Sequence[str]) -> Iterator[str]:
    """Yield a line of coloured squares with names; nothing for one name that says what the title says."""
    x = float(MARGIN)
    for name, key in zip(names, keys, strict=True):
        yield f'<rect x="{x:.1f}" y="37" width="10" height="10" class="{key}"/>'
        yield _text(x + 15, 46, name, "quiet")
        x += 35 + 6.6 * len(name)


def _bars(picture: Bars) -> tuple[list[str], int]:
    most = max(value for _, values in picture.bars for value in values) or 1
    scale = (WIDTH - LABELS - VALUES - MARGIN) / max(most, picture.limit[0] if picture.limit else 0)
    several = len(picture.series) > 1
    lines, y = [*_legend(picture.series, ["ours", "ours second"])] if several else [], HEAD if several else HEAD - 20
    row = len(picture.series) * (BAR + GAP) + ROW_GAP
    for label, values in picture.bars:
        middle = y + len(values) * (BAR + GAP) / 2 + 4
        lines.append(_text(LABELS - 10, middle, label, anchor="end"))
        colour = "ours" if not picture.ours or label in picture.ours else "other"
        for index, value in enumerate(values):
            top = y + index * (BAR + GAP)
            kind = f"{colour} second" if index else colour
            width = max(1.0, value * scale)
            lines.append(f'<rect x="{LABELS}" y="{top}" width="{width:.1f}" height="{BAR}" rx="2" class="{kind}"/>')
            lines.append(_text(LABELS + width + 6, top + 12, f"{number(value)} {picture.unit}".strip(), "quiet"))
        y += row
    if picture.limit:
        value, says = picture.limit
        x = LABELS + value * scale
        lines.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{HEAD - 14}" y2="{y}" class="limit" stroke-dasharray="4 3"/>'
        )
        lines.append(_text(x, y + 12, says, "quiet", "middle"))
        y += 14
    return lines, y + MARGIN


def _curve(picture: Curve) -> tuple[list[str], int]:
    points = [point for _, line in picture.lines for point in line]
    last, most = max(x for x, _ in points) or 1, _round_up(max(y for _, y in points))
    left, right, top, bottom = 64, WIDTH - MARGIN, HEAD, HEAD + PLOT_HEIGHT

    def place(point: tuple[float, float]) -> str:
        x, y = point
        return f"{left + x / last * (right - left):.1f},{bottom - y / most * (bottom - top):.1f}"

    names = [name for name, _ in picture.lines]
    lines = [*_legend(names, [f"key{index}" for index in range(len(names))])]
    for step in range(5):
        value, y = most * step / 4, bottom - PLOT_HEIGHT * step / 4
        lines.append(f'<line x1="{left}" x2="{right}" y1="{y}" y2="{y}" class="axis"/>')
        lines.append(_text(left - 8, y + 4, number(value), "quiet", "end"))
    tick = _round_up(last / 5)
    for step in range(int(last / tick) + 1):
        x = left + (right - left) * step * tick / last
        lines.append(_text(x, bottom + 18, f"{number(step * tick)} s", "quiet", "middle" if x < right - 20 else "end"))
    lines.append(_text(right, HEAD - 16, picture.unit, "quiet", "end"))
    for index, (_, line) in enumerate(picture.lines):
        path = " ".join(map(place, line))
        lines.append(f'<polyline points="{path}" class="line line{index}"/>')
    return lines, bottom + 32


def _round_up(value: float) -> float:
    """Return the next value that looks well on an axis, and a quarter of it, too."""
    if value <= 0:
        return 1
    power = 10 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 4, 6, 8, 10) if value <= step * power)
