# The converter. Build from the root of the repository: docker build -f deploy/converter.Dockerfile .
# The base needs Python 3.11 or newer with venv, and nothing else; a closed network's own base may bring its settings.
ARG BASE_IMAGE=python:3.11-slim-bookworm

FROM ${BASE_IMAGE} AS build
RUN python3 -m venv /opt/visualnn && python3 -m venv /opt/build
COPY requirements/build.lock requirements/converter.lock /src/requirements/
RUN /opt/build/bin/pip install --no-cache-dir --require-hashes -r /src/requirements/build.lock
RUN /opt/visualnn/bin/pip install --no-cache-dir --require-hashes -r /src/requirements/converter.lock
COPY shared /src/shared
COPY services/converter /src/services/converter
RUN /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-index --no-build-isolation -w /wheels \
        /src/shared /src/services/converter \
    && /opt/visualnn/bin/pip install --no-cache-dir --no-deps --no-index /wheels/*.whl

FROM ${BASE_IMAGE}
RUN useradd --uid 10001 --user-group --create-home --home-dir /var/lib/visualnn visualnn
COPY --from=build /opt/visualnn /opt/visualnn
ENV PATH=/opt/visualnn/bin:$PATH PYTHONUNBUFFERED=1 VISUALNN_DATA_DIR=/var/lib/visualnn
USER visualnn
WORKDIR /var/lib/visualnn
EXPOSE 8001
HEALTHCHECK --interval=15s --timeout=15s --start-period=120s --retries=4 CMD ["python", "-c", \
    "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8001/healthz', timeout=4)"]
CMD ["python", "-m", "visualnn_converter", "--host", "0.0.0.0", "--port", "8001"]
