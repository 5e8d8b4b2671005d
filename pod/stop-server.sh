#!/usr/bin/env bash
# Ends the vLLM that start-server.sh started, and nothing else: asks first, forces after STOP_TIMEOUT. Needs bash and Linux.
set -euo pipefail

usage() {
  cat <<'END'
Usage: ./stop-server.sh

  WORKSPACE      the folder it was started with: /workspace
  STOP_TIMEOUT   seconds it gets to end by itself: 30. Give it longer than vLLM's own --shutdown-timeout, if that is set
END
}

say() { printf '%s\n' "$*"; }
fail() {
  printf 'stop-server: %s\n' "$1" >&2
  shift
  if (($# > 0)); then printf '  %s\n' "$@" >&2; fi
  exit 1
}

# When a process was started, in clock ticks since the machine was. Nothing for one that has ended.
started_at() {
  local stat
  local -a field
  { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
  # What stands before the last bracket is the program's name, which may hold anything.
  read -r -a field < <(printf '%s\n' "${stat##*) }")
  case ${field[0]} in Z | X) return 1 ;; esac
  printf '%s' "${field[19]}"
}

# Whether this very process still runs: a number is given again to another one, its start is not.
is_alive() { [[ $1 =~ ^[1-9][0-9]*$ && -n $2 && $(started_at "$1") == "$2" ]]; }

# Whether a process of this group runs. One that has ended, and that its parent has not noticed yet, does not.
group_lives() {
  local file stat
  for file in /proc/[0-9]*/stat; do
    stat=''
    { IFS= read -r -d '' stat <"$file"; } 2>/dev/null || true
    if [[ ${stat##*) } =~ ^([A-Za-z])\ -?[0-9]+\ ([0-9]+)\  && ${BASH_REMATCH[2]} == "$1" && ${BASH_REMATCH[1]} != [ZX] ]]; then return 0; fi
  done
  return 1
}

# Waits for up to ten seconds until nothing of a group that was killed is left: what dies holds the GPU's memory until it is dead.
outlast_group() {
  local turns=50
  while group_lives "$1" && ((turns > 0)); do
    sleep 0.2
    turns=$((turns - 1))
  done
}

# Reads server.pid into VLLM_PID, VLLM_START, KEEPER_PID, KEEPER_START.
read_record() {
  VLLM_PID='' VLLM_START='' KEEPER_PID='' KEEPER_START=''
  [[ -f $LOGS/server.pid ]] || return 1
  local name pid start
  while read -r name pid start; do
    case $name in
      vllm) VLLM_PID=$pid VLLM_START=$start ;;
      keeper) KEEPER_PID=$pid KEEPER_START=$start ;;
    esac
  done <"$LOGS/server.pid"
}

# Sends a signal to what is left of the server. The keeper passes TERM on, and starts nothing anew after it.
signal_all() {
  if is_alive "$KEEPER_PID" "$KEEPER_START"; then
    kill "-$1" "$KEEPER_PID" 2>/dev/null || true
    if [[ $1 == TERM ]]; then return 0; fi
  fi
  if ! is_alive "$VLLM_PID" "$VLLM_START"; then return 0; fi
  # By force the whole group goes: an engine that outlives its server keeps the GPU's memory.
  if [[ $1 == KILL ]]; then kill -KILL -- "-$VLLM_PID" 2>/dev/null || true; else kill "-$1" "$VLLM_PID" 2>/dev/null || true; fi
}

is_left() { is_alive "$KEEPER_PID" "$KEEPER_START" || is_alive "$VLLM_PID" "$VLLM_START"; }

wait_for_end() {
  local turns=$(($1 * 5))
  while is_left && ((turns > 0)); do
    sleep 0.2
    turns=$((turns - 1))
    # A restart may have been under way: its new server is the one to wait for.
    read_record || true
  done
}

main() {
  case ${1-} in
    '') ;;
    -h | --help)
      usage
      exit 0
      ;;
    *)
      usage >&2
      fail "$1 is not an option."
      ;;
  esac
  WORKSPACE=${WORKSPACE:-/workspace} STOP_TIMEOUT=${STOP_TIMEOUT:-30}
  if ! [[ $STOP_TIMEOUT =~ ^[0-9]{1,5}$ ]]; then fail "STOP_TIMEOUT must be a number of seconds, not \"$STOP_TIMEOUT\"."; fi
  LOGS=$WORKSPACE/logs
  if [[ ! -d $LOGS ]]; then fail "$LOGS does not exist." "WORKSPACE is the folder start-server.sh was given."; fi
  if [[ ! -r $LOGS || ! -x $LOGS ]]; then fail "$LOGS is closed to this user." "Stop it as the user who started it."; fi
  if [[ -e $LOGS/server.pid && ! -O $LOGS/server.pid ]]; then fail "$LOGS/server.pid belongs to another user." "Stop it as that user."; fi
  if ! read_record; then
    say "No server runs with $WORKSPACE."
    exit 0
  fi
  if ! is_left; then
    rm -f -- "$LOGS/server.pid"
    say "No server runs with $WORKSPACE: process ${VLLM_PID:-?} ended without a word. Its last ones may be in $LOGS/server.log"
    exit 0
  fi
  local server=$VLLM_PID
  say "Stopping vLLM, process $server …"
  local group_left='' was_alone=''
  is_alive "$KEEPER_PID" "$KEEPER_START" || was_alone=yes
  signal_all TERM
  wait_for_end "$((10#$STOP_TIMEOUT))"
  if is_left; then
    say "It did not end within $STOP_TIMEOUT s and is ended by force."
    signal_all KILL
    wait_for_end 10
    outlast_group "$server"
    if is_left; then fail "It can't be ended: process $VLLM_PID waits for the machine." "A pod restarted from its own page comes back clean."; fi
  elif [[ -n $was_alone ]]; then
    # With the keeper gone nobody else ends what vLLM left behind. The number can't have been given anew while its group lives.
    if kill -TERM -- "-$server" 2>/dev/null; then group_left=yes; fi
    if [[ -n $group_left ]]; then
      sleep 1
      kill -KILL -- "-$server" 2>/dev/null || true
      outlast_group "$server"
    fi
  fi
  rm -f -- "$LOGS/server.pid"
  say "Stopped."
}

# On one line, so that nothing more is read: this file may be replaced while it runs.
main "$@"; exit
