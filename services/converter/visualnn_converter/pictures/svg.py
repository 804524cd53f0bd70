"""A drawing as SVG that stands alone: cards, smooth lines, a legend; no scripts, no links, no fonts of its own."""

from dataclasses import dataclass, field
from html import escape
from itertools import pairwise

from visualnn_converter.pictures.drawing import KINDS, Box, Drawing, counted
from visualnn_converter.pictures.layered import Placed, placed

CARD, HEAD, ROW, MARGIN, TOP = 234.0, 44.0, 19.0, 28.0, 74.0
FRAME = 9.0
_WIDE, _WIDE_BOLD = 0.55, 0.59
"""Width of a letter, on the safe side, for a font size of one."""
_FONT = "font-family=\"'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif\""


@dataclass(slots=True)
class Card:
    """A layer, and those that hang below it: each the only one that reads the one before."""

    boxes: list[Box] = field(default_factory=list)

    @property
    def height(self) -> float:
        """Head, and a row for each further layer."""
        return HEAD + ROW * (len(self.boxes) - 1)


def picture(drawing: Drawing) -> str:
    """The SVG's text."""
    cards, lines = stacked(drawing)
    where = placed([(CARD, card.height) for card in cards], lines)
    kinds = [kind for kind in KINDS if any(box.kind == kind for box in drawing.boxes)]
    rows = -(-len(kinds) // _columns(where))
    width = max(where.width, 3 * 150.0, 9.0 * len(drawing.name[:60])) + 2 * MARGIN
    height = where.height + TOP + 2 * MARGIN + 20 * rows
    shift = (width - where.width) / 2
    parts = [_head(drawing, width, height)]
    parts.append(f'<g transform="translate({shift:.1f} {TOP:.0f})">')
    parts += _frames(cards, where)
    parts += [_line(route) for route in where.routes]
    parts += [_card(card, x, y) for card, (x, y) in zip(cards, where.corners, strict=True)]
    parts.append("</g>")
    parts += _legend(kinds, width, where.height + TOP + MARGIN, _columns(where))
    return "\n".join([*parts, "</svg>", ""])


def _columns(where: Placed) -> int:
    return max(3, int(where.width // 150))


def stacked(drawing: Drawing) -> tuple[list[Card], list[tuple[int, int]]]:
    """Cards, and lines between them: simple layers hang below the one layer that they read, if no other reads it."""
    readers, sources = [0] * len(drawing.boxes), [[] for _ in drawing.boxes]  # type: list[int], list[list[int]]
    for start, end in drawing.lines:
        readers[start] += 1
        sources[end].append(start)
    cards: list[Card] = []
    home: list[int] = []
    for index, box in enumerate(drawing.boxes):
        before = sources[index]
        hangs = box.simple and len(before) == 1 and readers[before[0]] == 1 and drawing.boxes[before[0]].type != "Input"
        if not hangs:
            cards.append(Card())
        home.append(home[before[0]] if hangs else len(cards) - 1)
        cards[home[-1]].boxes.append(box)
    lines = dict.fromkeys((home[a], home[b]) for a, b in drawing.lines if home[a] != home[b])
    return cards, list(lines)


def _head(drawing: Drawing, width: float, height: float) -> str:
    title = escape(_short(drawing.name, 60))
    told = f"{len(drawing.boxes):,} layers, {drawing.params:,} parameters"
    return f"""<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" \
viewBox="0 0 {width:.0f} {height:.0f}" role="img" {_FONT}>
<title>{escape(drawing.name)}: {told}</title>
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">\
<path d="M0 0.8 L7.4 4 L0 7.2 z" fill="#8a94a3"/></marker></defs>
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="{width / 2:.1f}" y="32" text-anchor="middle" font-size="19" font-weight="600" fill="#1f2933">{title}</text>
<text x="{width / 2:.1f}" y="52" text-anchor="middle" font-size="12" fill="#66707d">{told}</text>"""


def _frames(cards: list[Card], where: Placed) -> list[str]:
    """A frame around layers whose names begin alike (inception_3a/...), where no other card lies between them."""
    groups: dict[str, list[int]] = {}
    for index, card in enumerate(cards):
        prefix, slash, _ = card.boxes[0].name.rpartition("/")
        if slash:
            groups.setdefault(prefix, []).append(index)
    found = []
    for prefix, members in groups.items():
        boxes = [(*where.corners[i], cards[i].height) for i in members]
        left, right = min(x for x, _, _ in boxes), max(x for x, _, _ in boxes) + CARD
        top, bottom = min(y for _, y, _ in boxes), max(y + high for _, y, high in boxes)
        others = (i for i in range(len(cards)) if i not in set(members))
        if len(members) < 3 or any(_inside(where.corners[i], cards[i], (left, top, right, bottom)) for i in others):
            continue
        found.append(
            f'<rect x="{left - FRAME:.1f}" y="{top - FRAME:.1f}" width="{right - left + 2 * FRAME:.1f}" '
            f'height="{bottom - top + 2 * FRAME:.1f}" rx="12" fill="#f6f8fb" stroke="#d5dce6" '
            f'stroke-dasharray="4 3"><title>{escape(prefix)}</title></rect>'
        )
    return found


def _inside(corner: tuple[float, float], card: Card, frame: tuple[float, float, float, float]) -> bool:
    (x, y), (left, top, right, bottom) = corner, frame
    return x < right and x + CARD > left and y < bottom and y + card.height > top


def _line(points: list[tuple[float, float]]) -> str:
    """Straight past a rank, and a smooth curve from rank to rank."""
    path = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for number, ((x0, y0), (x1, y1)) in enumerate(pairwise(points)):
        if number % 2 or abs(x0 - x1) < 0.5:
            path.append(f"L{x1:.1f} {y1:.1f}")
        else:
            middle = (y0 + y1) / 2
            path.append(f"C{x0:.1f} {middle:.1f} {x1:.1f} {middle:.1f} {x1:.1f} {y1:.1f}")
    return f'<path d="{" ".join(path)}" fill="none" stroke="#8a94a3" stroke-width="1.4" marker-end="url(#tip)"/>'


def _card(card: Card, x: float, y: float) -> str:
    first, *more = card.boxes
    _, fill, edge = KINDS[first.kind]
    parts = [
        f'<g transform="translate({x:.1f} {y:.1f})"><title>{escape(_told(card))}</title>',
        f'<rect width="{CARD:.0f}" height="{card.height:.0f}" rx="7" fill="{fill}" stroke="{edge}" stroke-width="1"/>',
        *_ends(18, (first.name, 13, "#1f2933", "600"), (_short(first.shape, 18), 11.5, "#3c4858")),
        *_ends(35, (f"{first.type} {first.detail}", 11.5, edge, ""), (_params(first), 11, "#66707d")),
    ]
    for number, box in enumerate(more):
        parts.append(_row(box, HEAD + ROW * number, last=number == len(more) - 1))
    return "".join([*parts, "</g>"])


def _row(box: Box, y: float, *, last: bool) -> str:
    """A layer that hangs below another: one line of text on its own colour."""
    _, fill, edge = KINDS[box.kind]
    bottom = f"h-{CARD - 14:.0f} a6 6 0 0 1 -6 -6" if last else f"h-{CARD - 2:.0f}"
    down = f"v{ROW - 7:.0f} a6 6 0 0 1 -6 6" if last else f"v{ROW - 0.5:.1f}"
    shape = f'<path d="M1 {y:.1f} h{CARD - 2:.0f} {down} {bottom} z" fill="{fill}"/>'
    line = f'<path d="M1 {y:.1f} h{CARD - 2:.0f}" stroke="{edge}" stroke-opacity=".35"/>'
    text = _ends(y + 13.5, (f"{box.type} {box.detail}".strip(), 11, edge, ""), (_params(box), 10.5, "#66707d"))
    return "".join([shape, line, *text])


def _params(box: Box) -> str:
    return counted(box.params) if box.params else ""


def _ends(y: float, left: tuple[str, float, str, str], right: tuple[str, float, str]) -> list[str]:
    """Two texts on one line: the left one is cut where it would meet the right one."""
    text, size, fill, weight = left
    other, other_size, other_fill = right
    room = CARD - 22 - (len(other) * other_size * _WIDE + 8 if other else 0)
    fitting = max(int(room / (size * (_WIDE_BOLD if weight else _WIDE))), 4)
    parts = [_text(12, y, _short(text, fitting), fill, size, weight)]
    return [*parts, _text(CARD - 10, y, other, other_fill, other_size, end=True)] if other else parts


def _text(x: float, y: float, text: str, fill: str, size: float, weight: str = "", *, end: bool = False) -> str:
    bold = f' font-weight="{weight}"' if weight else ""
    anchor = ' text-anchor="end"' if end else ""
    return f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" fill="{fill}"{bold}{anchor}>{escape(text)}</text>'


def _told(card: Card) -> str:
    """All of it, for the pointer that rests on a card."""
    rows = (f"{b.name}: {b.type} {b.detail}, {b.shape}, {b.params:,} parameters" for b in card.boxes)
    return "\n".join(rows)


def _short(text: str, most: int) -> str:
    """The middle is left out; the end tells layers of a block apart, so that more of it stays."""
    text, head = text.strip(), most // 3
    return text if len(text) <= most else f"{text[:head]}…{text[-(most - head - 1) :]}"


def _legend(kinds: list[str], width: float, y: float, columns: int) -> list[str]:
    step, found = 150.0, []
    left = (width - step * min(columns, len(kinds))) / 2
    for number, kind in enumerate(kinds):
        title, fill, edge = KINDS[kind]
        x, down = left + step * (number % columns), y + 20 * (number // columns)
        found.append(f'<rect x="{x:.1f}" y="{down:.1f}" width="13" height="13" rx="3" fill="{fill}" stroke="{edge}"/>')
        found.append(_text(round(x + 19, 1), round(down + 10.5, 1), title, "#3c4858", 11))
    return found
