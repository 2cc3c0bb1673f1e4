# SPDX-License-Identifier: MIT
# docker build -t llmac .                               all: agents and cells
# docker build -t llmac-cell --target cell .            cells alone, for --launcher docker and for other machines
# docker build -t llmac-agents --target agents .        Python alone, for cells in containers of their own
# docs/docker.md tells how to use them.

# Or a mirror of it, or one day of it by its digest.
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS base
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends tini \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
ENTRYPOINT ["tini", "-g", "--"]
LABEL org.opencontainers.image.title="llmac" \
    org.opencontainers.image.description="Co-simulation of an ns-3 uplink OFDMA cell with language-model agents" \
    org.opencontainers.image.licenses="MIT AND GPL-2.0-only"


# The packages come before the sources, so that a change of the sources installs none of them again.
FROM base AS cell-packages
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        cmake cppzmq-dev g++ libgsl-dev libns3-dev libprotobuf-dev libzmq3-dev ninja-build pkg-config \
        protobuf-compiler \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*

FROM cell-packages AS cell-build
WORKDIR /src
COPY pyproject.toml ./
COPY proto proto
COPY ns3_module ns3_module
RUN cmake -S ns3_module -B build/cell -G Ninja && cmake --build build/cell --target llmac-cell


FROM base AS cell
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends libns3.37 libprotobuf32 libzmq5 \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
COPY --from=cell-build /src/build/cell/llmac-cell /usr/local/bin/
USER 1000:1000
HEALTHCHECK --interval=5m --timeout=10s CMD ["llmac-cell", "--version"]
ENTRYPOINT ["tini", "-g", "--", "llmac-cell"]
CMD ["--version"]


FROM base AS agents-packages
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        ca-certificates g++ python3 python3-dev python3-venv \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
WORKDIR /src
# The CPU build by default; with the index of a CUDA build, for instance .../whl/cu130, the same image uses a GPU.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ENV PIP_NO_CACHE_DIR=1
COPY pyproject.toml constraints.txt ./
COPY scripts/install-packages.sh scripts/
RUN TORCH_INDEX="$TORCH_INDEX" scripts/install-packages.sh /opt/llmac

FROM agents-packages AS agents-build
COPY README.md LICENSE ./
COPY ns3_module/LICENSE ns3_module/
COPY proto proto
COPY scenarios scenarios
COPY bridge bridge
COPY agents agents
RUN /opt/llmac/bin/pip install --no-deps --no-build-isolation --prefix /opt/project .


FROM base AS agents-base
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates python3 \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
COPY --from=agents-packages /opt/llmac /opt/llmac
# Any user may run it (docker run --user): home and results are writable by all.
RUN mkdir -m 1777 /out && install -d -o 1000 -g 1000 -m 700 /keys/python /keys/cell
ENV PATH=/opt/llmac/bin:$PATH HOME=/tmp OUT=/out
# `llmac run scenarios/urban.yaml`, as in a checkout.
WORKDIR /llmac
RUN ln -s /opt/llmac/lib/python3.11/site-packages/llmac/scenarios scenarios


FROM agents-base AS agents
COPY --from=agents-build /opt/project /opt/llmac
USER 1000:1000
HEALTHCHECK --interval=5m --timeout=60s --start-period=60s CMD ["llmac", "scenarios"]
ENTRYPOINT ["tini", "-g", "--", "llmac"]
CMD ["--help"]


FROM agents-base AS all
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends libns3.37 libprotobuf32 libzmq5 \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
COPY --from=cell-build /src/build/cell/llmac-cell /usr/local/bin/
COPY --from=agents-build /opt/project /opt/llmac
COPY scripts/start.sh /opt/llmac/bin/
USER 1000:1000
# Can it still simulate? Without a network and without leaving anything.
HEALTHCHECK --interval=5m --timeout=60s --start-period=60s CMD ["llmac", "doctor"]
ENTRYPOINT ["tini", "-g", "--", "start.sh"]
CMD []
