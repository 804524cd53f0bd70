"""What one writes in an afternoon: FastAPI, pydantic and ONNX Runtime. ``MODEL`` names the file that it serves."""

import os

import numpy as np
import onnxruntime as ort
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()
options = ort.SessionOptions()
options.intra_op_num_threads = 1
session = ort.InferenceSession(os.environ["MODEL"], options, providers=["CPUExecutionProvider"])


class Body(BaseModel):
    inputs: list[list[float]]


@app.post("/predict")
async def predict(body: Body) -> dict[str, list[list[float]]]:
    (scores,) = session.run(None, {"x": np.asarray(body.inputs, np.float32)})
    return {"predictions": scores.tolist()}
