# One image for the service, the workers and the tools: `docker run sabaq serve | worker | migrate | transcode …`.

FROM python:3.11.14-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/sabaq
# What changes seldom comes first, so that a new version of ours costs a layer of a few megabytes.
COPY requirements.lock ./
RUN /opt/sabaq/bin/python -m pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements.lock
COPY pyproject.toml README.md ./
COPY cdn ./cdn
COPY catalog ./catalog
COPY transcoder ./transcoder
COPY migrations ./migrations
COPY streamsvc ./streamsvc
# The second command fails the build, not the first start, when something is missing from the image.
RUN /opt/sabaq/bin/python -m pip install --no-cache-dir --no-deps --no-build-isolation . \
    && /opt/sabaq/bin/sabaq doctor --only python --only tools

FROM python:3.11.14-slim-bookworm
LABEL org.opencontainers.image.title="Sabaq" \
      org.opencontainers.image.description="Educational video streaming with adaptive delivery"
RUN useradd --system --uid 10001 --user-group --create-home --home-dir /var/lib/sabaq sabaq
COPY --from=build /opt/sabaq /opt/sabaq
ENV PATH=/opt/sabaq/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    SABAQ_VAR=/var/lib/sabaq \
    SABAQ_HOST=0.0.0.0
USER 10001
WORKDIR /var/lib/sabaq
VOLUME /var/lib/sabaq
EXPOSE 8080
STOPSIGNAL SIGTERM
# Of the service; compose.yaml gives workers another one.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \
    CMD ["sabaq", "doctor", "--only", "service"]
ENTRYPOINT ["sabaq"]
CMD ["serve"]
