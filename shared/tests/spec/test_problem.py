import math

from visualnn_shared.spec.problem import Problem, Where, problem


def test_a_problem_reads_as_rule_received_place_and_hint() -> None:
    found = problem("units must be an integer", 2.5, layer="fc", param="units", line=3, field="x", hint="write 2")
    assert str(found) == "units must be an integer; received 2.5; layer fc, param units, line 3, field x; write 2"


def test_what_is_not_known_is_left_out() -> None:
    assert str(problem("a spec must have layers", [])) == "a spec must have layers; received []"


def test_any_received_value_can_be_sent() -> None:
    found = problem("x must be finite", {"a": math.nan, "b": (1, 2)})
    assert Problem.model_validate_json(found.model_dump_json()).received == {"a": "nan", "b": [1, 2]}


def test_a_problem_of_params_within_params_is_told_at_its_place() -> None:
    assert problem("r", field="params.loss").inside("recipe").where.field == "params.recipe.loss"
    assert problem("r", field="x_train").inside("recipe").where.field == "x_train"
    assert problem("r", layer="fc").inside("recipe").where == Where(layer="fc")
