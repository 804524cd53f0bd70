"""``python keras_predict.py MODEL.keras INPUTS.npy OUTPUTS.npy``: what Keras itself says, beside the platform."""

import sys

import keras
import numpy as np

model = keras.saving.load_model(sys.argv[1], compile=False)
np.save(sys.argv[3], model.predict(np.load(sys.argv[2]), verbose=0))
