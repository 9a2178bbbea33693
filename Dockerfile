# Jeeves in a container: docker build -t jeeves . && docker run --init --env-file .env \
#   --env JEEVES_HOME=/var/lib/jeeves --volume jeeves:/var/lib/jeeves jeeves
# With a Postgres of its own beside it: compose.yaml.

FROM python:3.11-slim-bookworm AS builder
WORKDIR /opt/jeeves
COPY requirements.lock ./
# The environment has no pip: nothing is installed into it later.
RUN python -m venv --without-pip .venv \
    && pip --python .venv/bin/python install --no-input --no-cache-dir \
        --disable-pip-version-check --require-hashes --only-binary=:all: -r requirements.lock
COPY jeeves ./jeeves
COPY migrations ./migrations
COPY models/starter ./models/starter
# Compiled here, for who runs it may not write here.
RUN echo /opt/jeeves > "$(echo .venv/lib/python3.*/site-packages)/jeeves.pth" \
    && printf '#!/bin/sh\nexec /opt/jeeves/.venv/bin/python -P -m jeeves "$@"\n' > .venv/bin/jeeves \
    && chmod 755 .venv/bin/jeeves \
    && .venv/bin/python -m compileall -q jeeves

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --user-group --no-create-home --home-dir /var/lib/jeeves \
        --shell /usr/sbin/nologin jeeves \
    && install -d -o jeeves -g jeeves -m 700 /var/lib/jeeves
COPY --from=builder /opt/jeeves /opt/jeeves
ENV PATH=/opt/jeeves/.venv/bin:$PATH JEEVES_HOME=/var/lib/jeeves SPEECH=off
USER 10001:10001
WORKDIR /var/lib/jeeves
VOLUME /var/lib/jeeves
# Healthy is: mail was read in the last SILENT_MINUTES, and no alert failed.
HEALTHCHECK --interval=2m --timeout=30s --start-period=10m --retries=3 CMD ["jeeves", "status"]
ENTRYPOINT ["jeeves"]
CMD ["run", "--patient"]
