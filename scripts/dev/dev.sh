#!/usr/bin/env bash
# Kafka and Azurite to try clp against, and OpenSearch if wanted: `make dev-up`, `dev-status`, `dev-sample`, `dev-down` and
# `dev-clean` call this. They run in containers where an engine is there (docker-compose.yml), else as processes from tests/services.
#
#   DEV_DIR       where data, logs, process ids and the configuration are; .dev
#   KAFKA_PORT    9092; and as a process KAFKA_CONTROLLER_PORT, the next one
#   AZURITE_PORT  10000
#   KAFDROP_PORT  9000; in a container only
#   OPENSEARCH    1 starts OpenSearch as well, which takes about 1 GB, at OPENSEARCH_PORT, 9200
#   CLP_SERVICES  1 starts monitor, worker and extraction in containers, from the Dockerfile
#   DEV_ENGINE    docker, podman or none; what there is
#   CLP           the program; target/debug/clp
set -euo pipefail
# Seen by others and by the servers, which write credentials and logs: for nobody else.
umask 077
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

mkdir -p "${DEV_DIR:=.dev}"
DEV_DIR=$(cd "$DEV_DIR" && pwd)
KAFKA_PORT=${KAFKA_PORT:-9092}
export KAFKA_PORT AZURITE_PORT=${AZURITE_PORT:-10000} KAFDROP_PORT=${KAFDROP_PORT:-9000} OPENSEARCH_PORT=${OPENSEARCH_PORT:-9200}
KAFKA_CONTROLLER_PORT=${KAFKA_CONTROLLER_PORT:-$((KAFKA_PORT + 1))}
CLP=${CLP:-target/debug/clp}
CONFIG=$DEV_DIR/config.yaml
CONTAINER=commerce-logs-separated

say() { printf '%s\n' "$*"; }
fail() { printf 'dev: %s\n' "$*" >&2; exit 1; }
wants() { [ "${!1:-0}" != 0 ]; }
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# shellcheck source=scripts/dev/containers.sh
source scripts/dev/containers.sh
# shellcheck source=scripts/dev/processes.sh
source scripts/dev/processes.sh
# shellcheck source=scripts/dev/storage.sh
source scripts/dev/storage.sh

# Written anew each time, as the ports may be others.
write_config() {
  cat >"$CONFIG.new" <<YAML
# Written by make dev-up, and again by the next one. The key is the one that every Azurite has.
subscriptions:
  dev:
    environments:
      D1:
        storage_account:
          account_name: $ACCOUNT
          access_key: "$ACCESS_KEY"
          endpoint: "$(endpoint)"
          container_name: $CONTAINER
kafka:
  brokers: "127.0.0.1:$KAFKA_PORT"
global:
  polling_interval: 10
  blob_closing:
    timeout_minutes: 1
YAML
  mv "$CONFIG.new" "$CONFIG"
}

# Kafka listens before it answers, and right after its first start refuses transactions.
wait_for_kafka() {
  local answer
  for _ in $(seq 30); do
    if answer=$("$CLP" --config "$CONFIG" -qq test-kafka 2>&1); then return; fi
    sleep 1
  done
  fail "Kafka does not answer at 127.0.0.1:$KAFKA_PORT: $answer"
}

up() {
  [ -x "$CLP" ] || fail "$CLP is not there; make dev-up builds it first"
  local engine
  engine=$(engine)
  if [ "$engine" = none ]; then
    if wants CLP_SERVICES; then fail "CLP_SERVICES=1 needs docker or podman with compose; make run-monitor, run-worker and run-extract do not"; fi
    start_processes
  else
    start_containers "$engine"
  fi
  write_config
  wait_for_azurite
  create_container
  wait_for_kafka
  "$CLP" --config "$CONFIG" -q init-topics >"$DEV_DIR/topics.log" || fail "the topics could not be created, see above"
  if wants OPENSEARCH; then
    "$CLP" -q init-opensearch --wait 120 --url "http://127.0.0.1:$OPENSEARCH_PORT" >"$DEV_DIR/opensearch-init.log" ||
      fail "the index template could not be put, see above"
  fi
  status
  say
  say "next: make dev-sample      puts some blobs into $CONTAINER, and more at each call"
  say "      make run-monitor     and in another terminal"
  say "      make run-worker      ARGS='…' are passed on"
  say "      $CLP --config $CONFIG status --watch"
  say "      make dev-down        keeps the data, make dev-clean does not"
}

status() {
  containers_status
  processes_status
  local server port
  for server in Kafka:$KAFKA_PORT Azurite:$AZURITE_PORT OpenSearch:$OPENSEARCH_PORT; do
    port=${server#*:}
    # Asked for in another shell, perhaps.
    if [ "${server%:*}" = OpenSearch ] && ! wants OPENSEARCH && ! running opensearch; then continue; fi
    if listens "$port"; then say "${server%:*} listens at 127.0.0.1:$port"; else say "${server%:*} is not there"; fi
  done
  [ ! -f "$CONFIG" ] || say "configuration: $CONFIG"
}

down() {
  stop_containers
  stop_processes
}

clean() {
  remove_containers
  stop_processes
  # By name: the directory may be one that holds other things as well.
  rm -rf "$DEV_DIR"/{kafka,azurite,opensearch,demo} "$DEV_DIR"/{kafka,azurite,opensearch,opensearch-init,topics}.log "$DEV_DIR"/{config.yaml,answer.xml,engine}
  rmdir "$DEV_DIR" 2>/dev/null || say "$DEV_DIR holds other things as well"
}

case ${1:-} in
  up | status | sample | down | clean) "$1" ;;
  *) fail "usage: $0 up|status|sample|down|clean" ;;
esac
