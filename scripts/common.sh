# shellcheck shell=bash
# Sourced by scripts/setup, scripts/demo and scripts/test: where the checkout is, and how a long step runs quietly.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
script=$root/scripts/${0##*/}
log_dir=$root/build/log

fail() {
  printf 'sotto: %s\n' "$*" >&2
  exit 1
}

# The comment at the head of a script is its help text.
usage() {
  sed -n '2,/^$/s/^# \{0,1\}//p' "$script"
}

# step TITLE LOG COMMAND…: one line with the time it took; the output goes to build/log/LOG.log and is shown only on failure
step() {
  local title=$1 log=$log_dir/$2.log began=$SECONDS
  shift 2
  mkdir -p "$log_dir"
  printf '%s … ' "$title"
  if "$@" >"$log" 2>&1; then
    printf '%d s\n' $((SECONDS - began))
  else
    local code=$?
    printf 'failed\n'
    tail -n 60 "$log" >&2
    printf 'sotto: "%s" failed with exit code %d; the whole output is in %s\n' "$title" "$code" "$log" >&2
    exit "$code"
  fi
}

# Compilers that run at once: one for each core, but no more than the memory holds at 1 GB each.
build_jobs() {
  awk -v cores="$(nproc)" '/^MemAvailable:/ { fit = int($2 / 1048576) } END { n = fit < cores ? fit : cores; print n < 1 ? 1 : n }' \
    /proc/meminfo
}

# configure PRESET [-DNAME=VALUE…]
configure() {
  local launcher=()
  if command -v ccache >/dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
  cmake --preset "$1" "${launcher[@]}" "${@:2}"
}

# The build folder of a preset, as CMakePresets.json has it.
build_folder() {
  if [ "$1" = release ]; then echo build; else echo "build-$1"; fi
}

# Data sets lie outside the repository; this is the folder that tests look in when nobody names another.
if [ -z "${SOTTO_DATA:-}" ] && [ -d "$root/../shared/data" ]; then
  SOTTO_DATA=$(cd "$root/../shared/data" && pwd)
  export SOTTO_DATA
fi
