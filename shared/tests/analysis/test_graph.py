import pytest
from hypothesis import given
from hypothesis import strategies as st
from visualnn_shared.analysis.graph import sinks, unused, wire
from visualnn_shared.spec.model import Layer, Spec


def graph(edges: dict[str, list[str]], outputs: tuple[str, ...] = ()) -> Spec:
    layers = tuple(Layer(name=name, type="Add", inputs=tuple(sources)) for name, sources in edges.items())
    return Spec(name="g", layers=layers, outputs=outputs or (next(iter(edges)),))


@st.composite
def orders_and_pairs(draw: st.DrawFn) -> tuple[list[int], list[tuple[int, int]]]:
    """Numbered layers in some order, and pairs of which the first feeds the second."""
    count = draw(st.integers(1, 20))
    number = st.integers(0, count - 1)
    return draw(st.permutations(range(count))), draw(st.lists(st.tuples(number, number), max_size=40))


@given(orders_and_pairs())
def test_every_input_of_an_acyclic_graph_comes_first(case: tuple[list[int], list[tuple[int, int]]]) -> None:
    shown, pairs = case
    edges = {f"l{i}": [f"l{a}" for a, b in pairs if a < b and b == i] for i in shown}
    wiring = wire(graph(edges))
    assert sorted(wiring.order) == sorted(edges)
    place = {name: i for i, name in enumerate(wiring.order)}
    assert all(place[source] < place[name] for name, sources in edges.items() for source in sources)


def test_layers_that_are_ready_together_keep_the_order_of_the_spec() -> None:
    assert wire(graph({"b": [], "a": [], "out": ["a", "b"]})).order == ["b", "a", "out"]


@pytest.mark.parametrize(
    ("edges", "cycles"),
    [
        ({"a": ["a"]}, [["a"]]),
        ({"in": [], "a": ["in", "c"], "b": ["a"], "c": ["b"], "out": ["c"]}, [["a", "b", "c"]]),
        ({"a": ["b"], "b": ["a"], "c": ["d"], "d": ["c"]}, [["a", "b"], ["c", "d"]]),
        ({"a": ["b"], "b": ["a"], "c": ["b", "d"], "d": ["c"]}, [["a", "b"], ["c", "d"]]),
    ],
)  # fmt: skip
def test_each_cycle_is_named_once_with_its_layers_in_order(
    edges: dict[str, list[str]], cycles: list[list[str]]
) -> None:
    found = [p.received for p in wire(graph(edges)).problems if "feed back" in p.rule]
    assert found == cycles


@given(orders_and_pairs())
def test_a_graph_is_sorted_or_a_cycle_is_named(case: tuple[list[int], list[tuple[int, int]]]) -> None:
    shown, pairs = case
    edges = {f"l{i}": [f"l{a}" for a, b in pairs if b == i] for i in shown}
    wiring = wire(graph(edges))
    named = [p.received for p in wiring.problems if "feed back" in p.rule]
    assert bool(named) == (len(wiring.order) < len(shown))
    for cycle in named:  # each layer feeds the next, and the last the first
        assert all(a in edges[b] for a, b in zip(cycle, [*cycle[1:], cycle[0]], strict=True))


def test_a_layer_that_feeds_itself_twice_and_a_doubled_edge_are_understood() -> None:
    assert wire(graph({"in": [], "out": ["in", "in"]}, ("out",))).order == ["in", "out"]


def test_dead_ends_are_the_last_layers_that_reach_no_output() -> None:
    wiring = wire(graph({"in": [], "out": ["in"], "lost": ["in"], "end": ["lost"]}, ("out",)))
    assert sinks(wiring) == ["out", "end"]
    assert unused(wiring) == ["end"]


def test_a_name_with_a_colon_in_a_reference_is_found_as_it_stands() -> None:
    wiring = wire(graph({"x:0": [], "out": ["x:0"]}, ("out",)))
    assert [p.rule for p in wiring.problems] == [
        "a layer's name must be printable, without a colon and without spaces at its ends"
    ]
