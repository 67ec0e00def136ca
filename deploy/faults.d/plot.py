"""Small SVG line charts, one under the other, that need nothing to be looked at."""
from dataclasses import dataclass, field
from html import escape

WIDTH, HEIGHT, LEFT, GAP = 820, 130, 70, 46


@dataclass
class Chart:
    """`lines`: name and colour to points of (x, y). The y axis begins at 0."""
    title: str
    lines: dict[tuple[str, str], list[tuple[float, float]]] = field(default_factory=dict)


def svg(heading: str, x_label: str, charts: list[Chart]) -> str:
    right = max((x for chart in charts for points in chart.lines.values() for x, _ in points), default=1) or 1
    height = 40 + len(charts) * (HEIGHT + GAP) + 10
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH + LEFT + 20} {height}" font-family="sans-serif" font-size="11">',
             f'<rect width="100%" height="100%" fill="#fff"/><text x="{LEFT}" y="20" font-size="14">{escape(heading)}</text>']
    for number, chart in enumerate(charts):
        y0 = 40 + number * (HEIGHT + GAP) + 16
        top = nice(max((y for points in chart.lines.values() for _, y in points), default=1))
        parts.append(f'<text x="{LEFT}" y="{y0 - 6}" font-weight="bold">{escape(chart.title)}</text>')
        offset = LEFT + WIDTH
        for name, colour in reversed(chart.lines):
            offset -= 7 * len(name) + 22
            parts.append(f'<rect x="{offset}" y="{y0 - 14}" width="10" height="10" fill="{colour}"/><text x="{offset + 14}" y="{y0 - 5}">{escape(name)}</text>')
        for step in range(3):
            y = y0 + HEIGHT - HEIGHT * step / 2
            parts.append(f'<path d="M{LEFT} {y:.1f}h{WIDTH}" stroke="#ddd"/><text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{top * step / 2:g}</text>')
        for (_, colour), points in chart.lines.items():
            path = " ".join(f"{LEFT + WIDTH * x / right:.1f},{y0 + HEIGHT - HEIGHT * y / top:.1f}" for x, y in points)
            parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        for step in range(5):
            parts.append(f'<text x="{LEFT + WIDTH * step / 4:.1f}" y="{y0 + HEIGHT + 14}" text-anchor="{"end" if step == 4 else "middle"}">{right * step / 4:,.0f}{" " + x_label if step == 4 else ""}</text>')
    return "\n".join(parts) + "\n</svg>\n"


def nice(top: float) -> float:
    """The next of 1, 2, 4, 5, 6, 8 times a power of ten."""
    power = 1.0
    while power * 10 <= top:
        power *= 10
    while power > top > 0:
        power /= 10
    return next((power * step for step in (1, 2, 4, 5, 6, 8, 10) if power * step >= top), 1.0)
