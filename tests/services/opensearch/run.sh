#!/usr/bin/env bash
# run.sh DIR PORT: runs OpenSearch in the foreground, at 127.0.0.1:PORT, with everything that it writes below DIR. It has no
# security plugin, so no passwords and no TLS. DIR and what leads to it must be open to `nobody` where root runs this, as
# OpenSearch refuses root.
#
#   HEAP    the JVM's heap; 512m
set -euo pipefail

jars=$(cd "$(dirname "${BASH_SOURCE[0]}")/libs" && pwd)
mkdir -p "$1"/{bin,lib,config,data,logs,tmp,plugins}
dir=$(cd "$1" && pwd)
port=$2
version=$(basename "$jars"/opensearch-secure-sm-*.jar .jar)
version=${version##*-}

# The jars that the other arguments match become a module, as it is called in the official archive.
module() { # NAME CLASS EXTENDS PERMISSIONS JAR…
  local module=$dir/modules/$1 jar
  mkdir -p "$module"
  printf '%s\n' "name=$1" "description=$1" "version=$version" "opensearch.version=$version" java.version=11 \
    "classname=$2" ${3:+"extended.plugins=$3"} has.native.controller=false >"$module/plugin-descriptor.properties"
  printf 'grant { %s };\n' "$4" >"$module/plugin-security.policy"
  # shellcheck disable=SC2086 # patterns
  for jar in "${@:5}"; do mv "$dir/lib/"$jar "$module/"; done
}

if [ ! -d "$dir/modules" ]; then
  # As links where the file system has them: nothing writes to a jar.
  cp -l "$jars"/*.jar "$dir/lib/" 2>/dev/null || cp --preserve=mode "$jars"/*.jar "$dir/lib/"
  module transport-netty4 org.opensearch.transport.Netty4Plugin '' \
    'permission java.net.SocketPermission "*", "accept,connect"; permission java.lang.RuntimePermission "getClassLoader"; permission java.lang.RuntimePermission "setContextClassLoader";' \
    'netty-*.jar' 'transport-netty4-client-*.jar'
  module lang-painless org.opensearch.painless.PainlessPlugin '' \
    'permission java.lang.RuntimePermission "createClassLoader"; permission java.lang.RuntimePermission "getClassLoader"; permission org.opensearch.secure_sm.ThreadPermission "modifyArbitraryThread";' \
    'lang-painless-*.jar' 'opensearch-scripting-painless-spi-*.jar' 'antlr4-runtime-*.jar' 'asm-*.jar'
  module ingest-common org.opensearch.ingest.common.IngestCommonPlugin lang-painless \
    'permission java.lang.RuntimePermission "getClassLoader";' \
    'ingest-common-*.jar' 'opensearch-grok-*.jar' 'joni-*.jar' 'jcodings-*.jar' 'opensearch-dissect-*.jar'
  printf '%s\n' 'status = error' 'appender.console.type = Console' 'appender.console.name = console' \
    'appender.console.layout.type = PatternLayout' 'appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] %m%n' \
    'rootLogger.level = info' 'rootLogger.appenderRef.console.ref = console' >"$dir/config/log4j2.properties"
  printf '%s\n' 'discovery.type: single-node' 'network.host: 127.0.0.1' 'transport.port: 0' \
    'cluster.routing.allocation.disk.threshold_enabled: false' >"$dir/config/opensearch.yml"
fi

as=()
if [ "$(id -u)" = 0 ]; then
  chown -R nobody "$dir"/{config,data,logs,tmp}
  # Whatever umask it was fetched under.
  chmod 755 "$dir"
  chmod -R a+rX "$dir"/{bin,lib,modules,plugins}
  as=(setpriv --reuid=nobody --regid=nogroup --clear-groups --no-new-privs)
fi
cd "$dir"
exec "${as[@]}" env HOME="$dir/tmp" java -Xms"${HEAP:-512m}" -Xmx"${HEAP:-512m}" -Xss1m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
  -XX:-UsePerfData -Djava.io.tmpdir="$dir/tmp" -Djna.tmpdir="$dir/tmp" -Djna.nosys=true -Djava.awt.headless=true -Dfile.encoding=UTF-8 \
  -Djava.security.manager=allow -Djava.locale.providers=SPI,COMPAT \
  -Dio.netty.noUnsafe=true -Dio.netty.noKeySetOptimization=true -Dio.netty.recycler.maxCapacityPerThread=0 \
  -Dio.netty.allocator.numDirectArenas=0 -Dlog4j.shutdownHookEnabled=false -Dlog4j2.disable.jmx=true \
  -Dopensearch.path.home="$dir" -Dopensearch.path.conf="$dir/config" -Dopensearch.distribution.type=tar \
  -Dopensearch.bundled_jdk=false -cp "$dir/lib/*" org.opensearch.bootstrap.OpenSearch -Ehttp.port="$port"
