#!/usr/bin/env bash
# Starts a Kafka once, that of the directory given, and stops it, so that the JVM writes the classes it has loaded into
# classes.jsa there: with that archive a broker is up in half the time. Only an aid: without the archive, or with one of
# another JVM, all works too.
set -euo pipefail
cd "$(dirname "$0")/$1"

dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill -9 "$server" 2>/dev/null || true; rm -rf "$dir"' EXIT
port=$((17000 + $$ % 2900))
cat >"$dir/server.properties" <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$((port + 1))
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$((port + 1))
controller.listener.names=CONTROLLER
log.dirs=$dir/data
PROPERTIES

# The archive holds only for this class path, letter by letter: tests/it/support/kafka.rs uses the same.
jars="$PWD/libs/*"
quiet=-Dorg.slf4j.simpleLogger.defaultLogLevel=warn
java -XX:+UseSerialGC "$quiet" -cp "$jars" kafka.tools.StorageTool format -t Y2xwLXRlc3QtY2x1c3RlcQ -c "$dir/server.properties" >/dev/null
java -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 "$quiet" -XX:ArchiveClassesAtExit="$dir/classes.jsa" \
  -cp "$jars" kafka.Kafka "$dir/server.properties" >"$dir/log" 2>&1 &
server=$!
for _ in $(seq 600); do
  if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then break; fi
  kill -0 "$server" 2>/dev/null || { cat "$dir/log" >&2; exit 1; }
  sleep 0.1
done
kill "$server"
wait "$server" || true
server=
mv "$dir/classes.jsa" classes.jsa
