"""``visualnn check``: every problem of a model at once."""

from visualnn.cli.options import AsJson, DataDir, InputShape, ModelArgument, shape_of


def check(
    model: ModelArgument, input_shape: InputShape = None, data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """List every problem of a model; exit status 2 where there is one."""
    from visualnn_shared.analysis.advice import advice
    from visualnn_shared.analysis.check import check as find_problems
    from visualnn_shared.analysis.walk import resolve
    from visualnn_shared.errors import SpecInvalid

    from visualnn.cli.connect import connected
    from visualnn.cli.output import print_json, say
    from visualnn.cli.sources import load_spec

    spec = load_spec(model, lambda: connected(data_dir, worker=False), shape_of(input_shape))
    problems = find_problems(spec)
    if problems:
        raise SpecInvalid(problems, spec.name)
    warnings = advice(resolve(spec))
    if as_json:
        print_json({"name": spec.name, "problems": [], "warnings": [one.model_dump(mode="json") for one in warnings]})
        return
    say(f"{spec.name}: no problems in {len(spec.layers)} layers")
    for warning in warnings:
        say(f"warning: {warning}")
