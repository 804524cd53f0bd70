# The gateway, which serves the editor. Build from the root of the repository: docker build -f deploy/api.Dockerfile .
# The base needs Python 3.11 or newer with venv, and nothing else; a closed network's own base may bring its settings.
ARG BASE_IMAGE=python:3.11-slim-bookworm

FROM ${BASE_IMAGE} AS build
RUN python3 -m venv /opt/visualnn && python3 -m venv /opt/build
COPY requirements/build.lock requirements/api.lock /src/requirements/
RUN /opt/build/bin/pip install --no-cache-dir --require-hashes -r /src/requirements/build.lock
RUN /opt/visualnn/bin/pip install --no-cache-dir --require-hashes -r /src/requirements/api.lock
COPY shared /src/shared
COPY services/api /src/services/api
RUN /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-index --no-build-isolation -w /wheels \
        /src/shared /src/services/api \
    && /opt/visualnn/bin/pip install --no-cache-dir --no-deps --no-index /wheels/*.whl

FROM ${BASE_IMAGE} AS editor
COPY requirements/node.lock /src/requirements/
COPY tools/node_path.py /src/tools/
RUN python3 -m venv /opt/node && /opt/node/bin/python /src/tools/node_path.py
COPY services/web/package.json services/web/package-lock.json /src/services/web/
RUN PATH="$(/opt/node/bin/python /src/tools/node_path.py):$PATH" npm --prefix /src/services/web ci
COPY services/web /src/services/web
RUN PATH="$(/opt/node/bin/python /src/tools/node_path.py):$PATH" npm --prefix /src/services/web run build

FROM ${BASE_IMAGE}
RUN useradd --uid 10001 --user-group --create-home --home-dir /var/lib/visualnn visualnn
COPY --from=build /opt/visualnn /opt/visualnn
COPY --from=editor /src/services/web/dist /opt/editor
ENV PATH=/opt/visualnn/bin:$PATH PYTHONUNBUFFERED=1 VISUALNN_DATA_DIR=/var/lib/visualnn VISUALNN_WEB_DIR=/opt/editor
USER visualnn
WORKDIR /var/lib/visualnn
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=15s --start-period=120s --retries=4 CMD ["python", "-c", \
    "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["python", "-m", "visualnn_api", "--host", "0.0.0.0", "--port", "8000"]
