# syntax=docker/dockerfile:1
# clp in a container, without a shell and without root:
#
#   docker build --tag clp .
#   docker run --rm clp demo
#   docker run --rm --volume "$PWD/config.yaml:/etc/clp/config.yaml:ro" clp --config /etc/clp/config.yaml list-blobs
#
# The root file system may be read-only; a worker then wants a small /tmp (`--tmpfs /tmp`), and `verify --deep` a large one.

# With the C and C++ compilers, make and perl that librdkafka and OpenSSL are built by.
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock config.example.yaml ./
COPY src src
# What Cargo.toml names must be there, though nothing of it is built.
COPY benches benches
COPY tests/it tests/it
COPY deployments/opensearch deployments/opensearch
COPY completions completions
# The target directory is a cache, so the binary is copied out of it in the same step.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --locked --release --bin clp \
    && install -D -m 0755 target/release/clp /out/clp

# glibc, the certificates of authorities, time zones, and the user 65532; of the same Debian as above.
FROM gcr.io/distroless/cc-debian12:nonroot
LABEL org.opencontainers.image.title="clp" \
      org.opencontainers.image.description="SAP Commerce Cloud's logs from Azure Blob Storage into Kafka, every line exactly once" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /out/clp /usr/local/bin/clp
# As numbers: Kubernetes' runAsNonRoot believes no name.
USER 65532:65532
# The default of `clp health`; services are started with --metrics-addr :9400.
EXPOSE 9400
STOPSIGNAL SIGTERM
# Of services only: a command that ends by itself is gone before it is asked.
HEALTHCHECK --interval=15s --timeout=6s --start-period=30s --retries=4 CMD ["/usr/local/bin/clp", "health"]
ENTRYPOINT ["/usr/local/bin/clp"]
CMD ["--help"]
