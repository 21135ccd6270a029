# A container of logmond. Any base with Python 3.11 or newer, venv and useradd will do:
#   docker build --build-arg BASE_IMAGE=python:3.13-slim -t logmond .
ARG BASE_IMAGE=python:3.11-slim

FROM ${BASE_IMAGE} AS build
WORKDIR /usr/src/logmond
RUN python3 -m venv /opt/logmond
COPY pyproject.toml setup.cfg README.md LICENSE ./
COPY logmond logmond
# Whom it will tell is not known yet, so Apprise goes along; and the tests, so that the image can
# be tried where it will run.
RUN /opt/logmond/bin/python -m pip install --no-cache-dir '.[notify,test]' && rm -rf build *.egg-info

FROM ${BASE_IMAGE}
RUN groupadd --system logmond \
 && useradd --system --gid logmond --home-dir /var/lib/logmond --shell /usr/sbin/nologin logmond \
 && install -d -o logmond -g logmond /var/lib/logmond /var/log/logmond
COPY --from=build /opt/logmond /opt/logmond
COPY packaging/container/entrypoint /usr/local/bin/logmond-container
COPY packaging/container/run-tests.sh /usr/src/run-tests.sh
COPY packaging/container/logmond.yaml /etc/logmond/logmond.yaml
# What the tests read besides the package: the files they hold to their word.
COPY . /usr/src/logmond
ENV PATH=/opt/logmond/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    GENDATA=true
USER logmond
WORKDIR /var/lib/logmond
VOLUME ["/var/lib/logmond", "/var/log/logmond"]
EXPOSE 5514/udp 5514/tcp
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["logmond", "ctl", "status"]
ENTRYPOINT ["/usr/local/bin/logmond-container"]
