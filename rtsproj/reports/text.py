"""The report as text: the sentence that people quote first, each count with its definition."""

from collections.abc import Sequence

from rtsproj.domain.iterations import yield_text
from rtsproj.domain.text import counted
from rtsproj.reports.summary import Report


def report_text(report: Report) -> str:
    """Render the report for a terminal, at most 100 columns wide."""
    parts = [
        f"{report.project}",
        "=" * len(report.project),
        *_inventory(report),
        "",
        *_iterations(report),
        "",
        *_proximity(report),
        "",
        *_published(report),
    ]
    return "\n".join(parts) + "\n"


def drawn_text(report: Report) -> str:
    """``, 2 were drawn by hand``; empty where none was."""
    was = "was" if report.drawn == 1 else "were"
    return f", {report.drawn} {was} drawn by hand" if report.drawn else ""


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns as wide as they need; numbers to the right."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    right = [bool(rows) and all(_is_number(row[n]) for row in rows) for n in range(len(header))]
    return [
        "  ".join(
            cell.rjust(width) if flush else cell.ljust(width)
            for cell, width, flush in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in (header, *rows)
    ]


def _is_number(text: str) -> bool:
    return text.replace(",", "").replace(".", "").replace(" ", "").replace("%", "").isdigit()


def _inventory(report: Report) -> list[str]:
    year = f", images of {report.map_year}" if report.map_year else ""
    lines = [
        (
            f"{counted(report.slumps, 'slump')}, {_area(report.slump_area_m2)} together "
            f"(largest {_area(report.largest_m2)}); {report.seeds} were known before, "
            f"{report.found} were found" + drawn_text(report)
        ),
        f"searched {report.searched_km2:,.2f} of {report.valid_km2:,.2f} km2 of valid pixels{year}",
    ]
    state = "stopped" if report.converged else "goes on"
    return [*lines, f"search {state}: {report.reason}"]


def _iterations(report: Report) -> list[str]:
    names = "iteration positives candidates known accepted rejected unsure open new slumps"
    rows = [
        [
            str(value)
            for value in (
                one.iteration,
                one.positives,
                one.candidates,
                one.hidden,
                one.accepted,
                one.rejected,
                one.unsure,
                one.open,
                yield_text(one.stage, one.new_slumps),
                one.slumps_so_far,
            )
        ]
        for one in report.iterations
    ]
    decisions = sum(one.decisions for one in report.iterations)
    cost = f"{counted(decisions, 'decision')}"
    if report.found:
        cost += f", {decisions / report.found:.2f} per slump found"
    drawn = [f"{one.drawn} in iteration {one.iteration}" for one in report.iterations if one.drawn]
    by_hand = [f"of the new ones drawn by hand: {', '.join(drawn)}"] if drawn else []
    return ["Iterations", *table(names.split(), rows), *by_hand, cost]


def _proximity(report: Report) -> list[str]:
    if not report.line_classes:
        return ["Roads and railway: none added (rtsproj line add FILE --kind road|railway|…)"]
    headline = next(one for one in report.counts if one.distance_m == report.headline_m)
    lines = [
        (
            f"{headline.either} of {report.slumps} slumps ({100 * headline.share:.1f} %) lie "
            f"within {report.headline_m:g} m of a road or railway"
        ),
        f"  distance: {report.definition}",
        "  lines: " + ", ".join(f"{kind} {name} {n}" for kind, name, n in report.line_classes),
        *(f"  file: {name}" for name in report.line_files),
        "",
        *table(
            ("within m", "either", *report.line_kinds, "share %", "95 % interval"),
            [
                (
                    f"{one.distance_m:g}",
                    str(one.either),
                    *(str(getattr(one, kind)) for kind in report.line_kinds),
                    f"{100 * one.share:.1f}",
                    f"{100 * one.low:.1f}-{100 * one.high:.1f}",
                )
                for one in report.counts
            ],
        ),
    ]
    if report.near:
        rows = [
            (
                one.name,
                one.kind,
                one.line_class or "",
                one.line_name or "",
                f"{one.distance_m:.1f}",
            )
            for one in report.near
        ]
        lines += ["", *table(("slump", "kind", "class", "line", "distance m"), rows)]
    return lines


def _published(report: Report) -> list[str]:
    rows = [
        (one.source, one.area, str(one.slumps), one.slump_area, one.near)
        for one in report.published
    ]
    return [
        "Published figures, for reference (each by its own definition)",
        *table(("source", "area", "slumps", "slump area", "near infrastructure"), rows),
    ]


def _area(area_m2: float) -> str:
    return f"{area_m2 / 1e6:.2f} km2" if area_m2 >= 1e6 else f"{area_m2 / 1e4:.2f} ha"
