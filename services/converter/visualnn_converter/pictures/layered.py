"""A layered layout after Sugiyama, Tagawa and Toda (1981): ranks, few crossings, straight lines where they can be."""

from collections.abc import Sequence
from dataclasses import dataclass, field

GAP, RANK_GAP, LANE = 24.0, 28.0, 14.0
"""Between neighbours, between ranks, and the width of a line that passes by a box."""
SWEEPS = 8
CARDS_WEIGH = 6.0
"""How much more a box holds its place than a line that passes by."""
MOST_LANES = 60_000
"""Ranks that all lines together may pass; beyond, the longest are drawn straight."""


@dataclass(slots=True)
class Placed:
    """Top left corners of the boxes, the points that each line passes, and the size of it all."""

    corners: list[tuple[float, float]]
    routes: list[list[tuple[float, float]]]
    width: float
    height: float


@dataclass(slots=True)
class _Graph:
    """Boxes first, then a node for each rank that a line passes."""

    sizes: list[tuple[float, float]]
    ranks: list[int]
    above: list[list[int]] = field(default_factory=list)
    below: list[list[int]] = field(default_factory=list)
    chains: list[list[int]] = field(default_factory=list)
    """For each line, the nodes that it goes through."""


def placed(sizes: Sequence[tuple[float, float]], lines: Sequence[tuple[int, int]]) -> Placed:
    """Places boxes of these sizes; lines go from earlier boxes to later ones."""
    graph = _with_lanes(list(sizes), lines)
    rows = _ordered(graph)
    centres = _across(graph, rows)
    tops, height = _down(graph, rows)
    left = min((centres[i] - graph.sizes[i][0] / 2 for i in range(len(centres))), default=0.0)
    right = max((centres[i] + graph.sizes[i][0] / 2 for i in range(len(centres))), default=0.0)
    centres = [x - left for x in centres]
    corners = [(centres[i] - w / 2, tops[graph.ranks[i]]) for i, (w, _) in enumerate(sizes)]
    routes = [_route(graph, chain, centres, tops, rows) for chain in graph.chains]
    return Placed(corners, routes, right - left, height)


def _with_lanes(sizes: list[tuple[float, float]], lines: Sequence[tuple[int, int]]) -> _Graph:
    ranks = _ranks(len(sizes), lines)
    graph = _Graph(sizes, ranks, [[] for _ in sizes], [[] for _ in sizes])
    budget = MOST_LANES
    for start, end in lines:
        chain = [start]
        passed = ranks[end] - ranks[start] - 1
        if passed <= budget:
            budget -= max(passed, 0)
            for rank in range(ranks[start] + 1, ranks[end]):
                graph.sizes.append((LANE, 0.0))
                graph.ranks.append(rank)
                graph.above.append([])
                graph.below.append([])
                chain.append(len(graph.sizes) - 1)
            for one, other in zip(chain, [*chain[1:], end], strict=True):
                graph.below[one].append(other)
                graph.above[other].append(one)
        graph.chains.append([*chain, end])
    return graph


def _ranks(count: int, lines: Sequence[tuple[int, int]]) -> list[int]:
    """The longest way from a start; starts right above what they feed."""
    ranks, feeds = [0] * count, [[] for _ in range(count)]  # type: list[int], list[list[int]]
    fed = [False] * count
    for start, end in sorted(lines, key=lambda line: line[1]):
        ranks[end] = max(ranks[end], ranks[start] + 1)
        feeds[start].append(end)
        fed[end] = True
    for box in range(count):
        if not fed[box] and feeds[box]:
            ranks[box] = min(ranks[other] for other in feeds[box]) - 1
    return ranks


def _ordered(graph: _Graph) -> list[list[int]]:
    """The nodes of each rank from left to right: by the mean place of their neighbours, down and up."""
    rows: list[list[int]] = [[] for _ in range(max(graph.ranks, default=-1) + 1)]
    for node, rank in enumerate(graph.ranks):
        rows[rank].append(node)
    places = {node: float(i) for row in rows for i, node in enumerate(row)}
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        neighbours = graph.above if down else graph.below
        for row in rows if down else reversed(rows):
            row.sort(key=lambda node: _mean([places[n] for n in neighbours[node]], places[node]))
            places.update((node, i - len(row) / 2) for i, node in enumerate(row))
    return rows


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _across(graph: _Graph, rows: list[list[int]]) -> list[float]:
    """Centres: each as near to its neighbours' as the order and the widths allow.

    A box that is alone in its rank stands in the middle of the picture: without that, long nets drift sideways.
    """
    centres = [0.0] * len(graph.sizes)
    for row in rows:
        _settle(graph, row, [0.0] * len(row), centres)
    for sweep in range(2 * SWEEPS):
        down = sweep % 2 == 0
        neighbours = graph.above if down else graph.below
        for row in rows if down else reversed(rows):
            wanted = [_mean([centres[n] for n in neighbours[node]], centres[node]) for node in row]
            wanted = wanted if len(row) > 1 else [0.0]
            _settle(graph, row, wanted, centres)
    return centres


def _settle(graph: _Graph, row: list[int], wanted: list[float], centres: list[float]) -> None:
    """The centres nearest to those wanted that keep the gaps: isotonic regression, pooling neighbours that clash."""
    offsets, offset = [], 0.0
    for i, node in enumerate(row):
        if i:
            offset += (graph.sizes[row[i - 1]][0] + graph.sizes[node][0]) / 2 + GAP
        offsets.append(offset)
    pools: list[tuple[float, float, int]] = []  # mean, weight, members
    for i, node in enumerate(row):
        pool = (wanted[i] - offsets[i], CARDS_WEIGH if graph.sizes[node][1] else 1.0, 1)
        while pools and pools[-1][0] > pool[0]:
            mean, weight, members = pools.pop()
            total = weight + pool[1]
            pool = ((mean * weight + pool[0] * pool[1]) / total, total, members + pool[2])
        pools.append(pool)
    at = 0
    for mean, _, members in pools:
        for i in range(at, at + members):
            centres[row[i]] = mean + offsets[i]
        at += members


def _down(graph: _Graph, rows: list[list[int]]) -> tuple[list[float], float]:
    """The top of each rank, and the height of all."""
    tops, y = [], 0.0
    for row in rows:
        tops.append(y)
        y += max((graph.sizes[node][1] for node in row), default=0.0) + RANK_GAP
    return tops, max(y - RANK_GAP, 0.0)


def _route(
    graph: _Graph, chain: list[int], centres: list[float], tops: list[float], rows: list[list[int]]
) -> list[tuple[float, float]]:
    """From the bottom of a box past the ranks between to the top of another; two points for each rank passed."""
    first, last = chain[0], chain[-1]
    points = [(centres[first], tops[graph.ranks[first]] + graph.sizes[first][1])]
    for node in chain[1:-1]:
        rank = graph.ranks[node]
        high = max((graph.sizes[other][1] for other in rows[rank]), default=0.0)
        points += [(centres[node], tops[rank]), (centres[node], tops[rank] + high)]
    return [*points, (centres[last], tops[graph.ranks[last]])]
