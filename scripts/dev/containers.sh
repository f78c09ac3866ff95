# shellcheck shell=bash
# The servers in containers; part of dev.sh.

# docker or podman if it works, compose with it; else none.
engine() {
  if [ -n "${DEV_ENGINE:-}" ]; then
    say "$DEV_ENGINE"
    return
  fi
  local engine
  for engine in docker podman; do
    if "$engine" info >/dev/null 2>&1 && "$engine" compose version >/dev/null 2>&1; then
      say "$engine"
      return
    fi
  done
  say none
}

# The file says which engine to ask later, also if another one is there by then.
start_containers() {
  say "$1" >"$DEV_DIR/engine"
  local profiles=()
  if wants OPENSEARCH; then profiles+=(--profile opensearch); fi
  if wants CLP_SERVICES; then profiles+=(--profile clp); fi
  compose "${profiles[@]}" up --detach
}

compose() { "$(cat "$DEV_DIR/engine")" compose --file docker-compose.yml "$@"; }

in_containers() { [ -s "$DEV_DIR/engine" ]; }

containers_status() { ! in_containers || compose ps; }

# What was started under a profile is stopped under it only.
stop_containers() { ! in_containers || compose --profile opensearch --profile clp down; }

remove_containers() { ! in_containers || compose --profile opensearch --profile clp down --volumes; }
