"""Draws what `cargo bench --bench index` printed: how building, searching, scanning and size grow with the number of vectors.

    cargo bench --bench index | python plot.py > growth.svg
"""

import math
import sys

# Columns of the printed table, and how the lines are called.
SERIES = {1: "building, s", 2: "bytes a vector", 4: "a search, ms", 7: "a scan, ms"}
COLOURS = ("#1f77b4", "#7f7f7f", "#2ca02c", "#d62728")
WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 640, 400, 60, 40, 16, 120


def rows() -> list[list[float]]:
    """The table's rows: those that are numbers all through."""
    found = []
    for line in sys.stdin:
        try:
            numbers = [float(word) for word in line.split()]
        except ValueError:
            continue
        if len(numbers) > max(SERIES):
            found.append(numbers)
    return found


def main() -> None:
    table = rows()
    if len(table) < 2:
        sys.exit("fewer than two sizes to draw")
    values = [row[column] for row in table for column in SERIES]
    sizes = [row[0] for row in table]
    x_range = math.log10(min(sizes)), math.log10(max(sizes))
    y_range = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))

    def x(size: float) -> float:
        share = (math.log10(size) - x_range[0]) / (x_range[1] - x_range[0])
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        share = (math.log10(value) - y_range[0]) / (y_range[1] - y_range[0])
        return HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP)

    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">')
    print(f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>')
    for power in range(y_range[0], y_range[1] + 1):
        at = y(10.0**power)
        print(f'<path d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        print(f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{10.0**power:g}</text>')
    for size in sizes:
        print(f'<path d="M{x(size):.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#eee"/>')
        print(f'<text x="{x(size):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{size:,.0f}</text>')
    print(f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 4}" text-anchor="middle">vectors</text>')
    for (column, name), colour in zip(SERIES.items(), COLOURS, strict=True):
        points = " ".join(f"{x(row[0]):.1f},{y(row[column]):.1f}" for row in table)
        last = table[-1]
        print(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        print(f'<text x="{x(last[0]) + 6:.1f}" y="{y(last[column]) + 4:.1f}" fill="{colour}">{name}</text>')
    print("</svg>")


if __name__ == "__main__":
    main()
