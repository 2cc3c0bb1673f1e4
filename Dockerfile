# SPDX-License-Identifier: MIT
# docker build -t llmac .
# docker run --rm llmac                                 the tables of ./run
# docker run --rm -v "$PWD/out:/out" llmac run paper    any llmac command; results are written below /out

FROM debian:bookworm-slim AS base
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        ca-certificates libns3.37 libprotobuf32 libzmq5 python3 tini \
    && rm -rf /var/lib/apt/lists/*


# The packages come before the sources, so that a change of the sources installs none of them again.
FROM base AS packages
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        cmake cppzmq-dev g++ libgsl-dev libns3-dev libprotobuf-dev libzmq3-dev ninja-build pkg-config \
        protobuf-compiler python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ENV PIP_NO_CACHE_DIR=1
COPY pyproject.toml constraints.txt ./
COPY scripts/install-packages.sh scripts/
RUN TORCH_INDEX="$TORCH_INDEX" scripts/install-packages.sh /opt/llmac


FROM packages AS cell
COPY proto proto
COPY ns3_module ns3_module
RUN cmake -S ns3_module -B build/cell -G Ninja && cmake --build build/cell --target llmac-cell


FROM packages AS python
COPY README.md LICENSE ./
COPY ns3_module/LICENSE ns3_module/
COPY proto proto
COPY scenarios scenarios
COPY bridge bridge
COPY agents agents
RUN /opt/llmac/bin/pip install --no-deps --no-build-isolation --prefix /opt/project .


FROM base
COPY --from=packages /opt/llmac /opt/llmac
COPY --from=python /opt/project /opt/llmac
COPY --from=cell /src/build/cell/llmac-cell /opt/llmac/bin/
COPY scripts/start.sh /opt/llmac/bin/
# Any user may run it (docker run --user): home and results are writable by all.
RUN mkdir -m 1777 /out
ENV PATH=/opt/llmac/bin:$PATH HOME=/tmp OUT=/out
USER 1000:1000
WORKDIR /out
ENTRYPOINT ["tini", "-g", "--", "start.sh"]
