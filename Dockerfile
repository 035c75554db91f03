# guardrail with git, for whoever has no Python: docs/container.md. Debian's slim image and not Alpine, as google-re2, which
# bounds the time of regular expressions in Terraform source, has no wheel for musl.
FROM python:3.13-slim-bookworm@sha256:67a1e1f215ccda113cfc024e8639049257e88f273898f595b61476d128d387e8 AS build
WORKDIR /source
COPY requirements.txt requirements-build.txt ./
RUN python -m venv --without-pip /opt/guardrail \
    && python -m pip --python /opt/guardrail/bin/python install --no-cache-dir --disable-pip-version-check \
        --require-hashes --requirement requirements.txt \
    && python -m venv /opt/build \
    && /opt/build/bin/python -m pip install --no-cache-dir --disable-pip-version-check \
        --require-hashes --requirement requirements-build.txt
COPY . ./
RUN /opt/build/bin/python -m hatchling build --target wheel --directory /opt/dist \
    && python -m pip --python /opt/guardrail/bin/python install --no-cache-dir --disable-pip-version-check \
        --no-deps --no-index /opt/dist/*.whl

FROM python:3.13-slim-bookworm@sha256:67a1e1f215ccda113cfc024e8639049257e88f273898f595b61476d128d387e8
# Debian keeps one version of a package: a pinned one cannot be installed any more when it has been mended.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/guardrail /opt/guardrail
ENV PATH=/opt/guardrail/bin:/usr/local/bin:/usr/bin:/bin PYTHONDONTWRITEBYTECODE=1 HOME=/nonexistent
USER 65534:65534
WORKDIR /work
ENTRYPOINT ["guardrail"]
CMD ["--help"]
