"""Run with TensorFlow's Keras 2: ``python keras_two_answers.py FOLDER``.

Loads every ``NAME.h5`` of the folder, writes its answers to ``NAME.npz`` into ``NAME.answers.npz``; what fails goes to
``NAME.error``.
"""

import sys
from pathlib import Path

import numpy as np
import tf_keras


def main(folder: Path) -> None:
    for path in sorted(folder.glob("*.h5")):
        try:
            model = tf_keras.models.load_model(path)
            with np.load(path.with_suffix(".npz")) as given:
                inputs = [given[name] for name in given.files]
            found = model(inputs if len(inputs) > 1 else inputs[0], training=False)
            answers = [np.asarray(one) for one in (found if isinstance(found, list | tuple) else [found])]
            np.savez(path.with_suffix(".answers.npz"), *answers)
        except Exception as error:
            path.with_suffix(".error").write_text(f"{type(error).__name__}: {error}")


main(Path(sys.argv[1]))
