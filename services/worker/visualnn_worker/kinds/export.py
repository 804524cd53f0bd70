"""Jobs of kind export: trained weights in a format that Keras and its backend alone can write."""

from visualnn_shared.spec.reading import canonical_json
from visualnn_shared.training.recipe import ExportParams

from visualnn_worker.child.failures import refusals
from visualnn_worker.kinds.context import Context, Result
from visualnn_worker.kinds.trained import load_trained
from visualnn_worker.network import saved_model

NAME = "model.savedmodel.zip"


def run(context: Context) -> Result:
    """A SavedModel of the source job's net. Raises ``Invalid``, ``NotFound``, ``KerasRefused``, ``Unavailable``."""
    ExportParams.model_validate(context.order.params)
    saved_model.must_be_possible()
    network, trained = load_trained(context)
    path = context.folder / NAME
    extra = saved_model.about(canonical_json(trained.spec), trained.serving.model_dump_json())
    with refusals("export"):
        saved_model.save_zip(network, path, extra)
    context.channel.log(f"SavedModel: {path.stat().st_size:,} bytes")
    return Result(context.store([path]), {})
