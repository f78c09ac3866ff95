# shellcheck shell=bash
# The servers as processes of this machine, from tests/services; part of dev.sh. A process id in a file is believed only
# while the process of that id has this directory in its command line: after a restart of the machine it may be another's.

SERVICES=$PWD/tests/services

start_processes() {
  local servers=(fetch-kafka fetch-azurite)
  if wants OPENSEARCH; then servers+=(fetch-opensearch); fi
  # Programs that hold no secret, and that OpenSearch reads as another user.
  (umask 022 && "${MAKE:-make}" --no-print-directory "${servers[@]}")
  start kafka KAFKA_PORT
  start azurite AZURITE_PORT
  if wants OPENSEARCH; then start opensearch OPENSEARCH_PORT; fi
}

# A server's name, and the variable that holds its port.
start() {
  local port=${!2}
  if running "$1"; then
    say "$1 runs already"
    return
  fi
  if listens "$port"; then fail "port $port is taken, so $1 can not have it; another one: make dev-up $2=…"; fi
  mkdir -p "$DEV_DIR/$1"
  "prepare_$1"
  local command
  mapfile -t command < <("command_of_$1")
  say "starting $1 (log: $DEV_DIR/$1.log)"
  nohup "${command[@]}" >>"$DEV_DIR/$1.log" 2>&1 </dev/null &
  say $! >"$DEV_DIR/$1.pid"
  for _ in $(seq 300); do
    if listens "$port"; then return; fi
    kill -0 $! 2>/dev/null || break
    sleep 0.2
  done
  tail -n 20 "$DEV_DIR/$1.log" >&2
  fail "$1 did not start; the end of its log is above"
}

prepare_kafka() {
  local properties=$DEV_DIR/kafka/server.properties
  cat >"$properties" <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$KAFKA_CONTROLLER_PORT
listeners=PLAINTEXT://127.0.0.1:$KAFKA_PORT,CONTROLLER://127.0.0.1:$KAFKA_CONTROLLER_PORT
controller.listener.names=CONTROLLER
log.dirs=$DEV_DIR/kafka/data
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
PROPERTIES
  [ -f "$DEV_DIR/kafka/data/meta.properties" ] || java "${JVM[@]}" kafka.tools.StorageTool format \
    -t Y2xwLWRldi1jbHVzdGVyMQ -c "$properties" >"$DEV_DIR/kafka.log" 2>&1 ||
    fail "Kafka's data directory could not be formatted: $(cat "$DEV_DIR/kafka.log")"
}

# What Kafka unpacks goes to its own directory, not to /tmp.
JVM=(-Xmx512m -XX:+UseSerialGC "-Djava.io.tmpdir=$DEV_DIR/kafka" -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -cp "$SERVICES/kafka/libs/*")
# Twice as quick to start.
[ ! -f "$SERVICES/kafka/classes.jsa" ] || JVM+=("-XX:SharedArchiveFile=$SERVICES/kafka/classes.jsa" -Xlog:disable)

# One word a line, as paths may hold blanks.
command_of_kafka() { printf '%s\n' java "${JVM[@]}" kafka.Kafka "$DEV_DIR/kafka/server.properties"; }

prepare_azurite() { :; }

command_of_azurite() {
  printf '%s\n' node "$SERVICES/node_modules/azurite/dist/src/blob/main.js" --location "$DEV_DIR/azurite" \
    --blobHost 127.0.0.1 --blobPort "$AZURITE_PORT" --skipApiVersionCheck --disableTelemetry
}

# It refuses root, and runs as nobody then, who must be able to reach its own directory.
prepare_opensearch() { [ "$(id -u)" != 0 ] || chmod 711 "$DEV_DIR"; }

command_of_opensearch() { printf '%s\n' "$SERVICES/opensearch/run.sh" "$DEV_DIR/opensearch" "$OPENSEARCH_PORT"; }

# Whether the process of its file lives and is still that server.
running() {
  local pid
  pid=$(cat "$DEV_DIR/$1.pid" 2>/dev/null) && [ -n "$pid" ] || return 1
  case $(ps -ww -o args= -p "$pid" 2>/dev/null) in
    *"$DEV_DIR/$1"*) return 0 ;;
    *) return 1 ;;
  esac
}

processes_status() {
  local name
  for name in kafka azurite opensearch; do
    if running "$name"; then say "$name runs, process $(cat "$DEV_DIR/$name.pid")"; fi
  done
}

stop_processes() {
  local name
  for name in kafka azurite opensearch; do stop "$name"; done
}

stop() {
  if running "$1"; then
    say "stopping $1"
    kill "$(cat "$DEV_DIR/$1.pid")"
    for _ in $(seq 150); do
      running "$1" || break
      sleep 0.2
    done
    if running "$1"; then kill -9 "$(cat "$DEV_DIR/$1.pid")"; fi
  fi
  rm -f "$DEV_DIR/$1.pid"
}
