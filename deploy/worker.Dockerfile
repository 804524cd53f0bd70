# The worker, the only image with TensorFlow. Build from the root: docker build -f deploy/worker.Dockerfile .
# The base needs Python 3.11 or newer with venv, and nothing else; a closed network's own base may bring its settings.
ARG BASE_IMAGE=python:3.11-slim-bookworm

FROM ${BASE_IMAGE} AS build
RUN python3 -m venv /opt/visualnn && python3 -m venv /opt/build
COPY requirements/build.lock requirements/worker.lock /src/requirements/
RUN /opt/build/bin/pip install --no-cache-dir --require-hashes -r /src/requirements/build.lock
RUN /opt/visualnn/bin/pip install --no-cache-dir --require-hashes -r /src/requirements/worker.lock
COPY shared /src/shared
COPY services/worker /src/services/worker
RUN /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-index --no-build-isolation -w /wheels \
        /src/shared /src/services/worker \
    && /opt/visualnn/bin/pip install --no-cache-dir --no-deps --no-index /wheels/*.whl

FROM ${BASE_IMAGE}
RUN useradd --uid 10001 --user-group --create-home --home-dir /var/lib/visualnn visualnn
COPY --from=build /opt/visualnn /opt/visualnn
ENV PATH=/opt/visualnn/bin:$PATH PYTHONUNBUFFERED=1 VISUALNN_DATA_DIR=/var/lib/visualnn KERAS_BACKEND=tensorflow
USER visualnn
WORKDIR /var/lib/visualnn
COPY deploy/healthy.py /opt/visualnn/healthy.py
HEALTHCHECK --interval=30s --timeout=20s --start-period=180s --retries=4 CMD ["python", "/opt/visualnn/healthy.py", "worker"]
CMD ["python", "-m", "visualnn_worker"]
