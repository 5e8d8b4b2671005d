#!/usr/bin/env bash
# Gives the pod a new key while the old one keeps working. Needs bash, curl, and a server started by start-server.sh.
set -euo pipefail

usage() {
  cat <<'END'
Usage: ./rotate-key.sh                 a new key; the old one keeps working. Interrupts nothing
       ./rotate-key.sh --finish        ends the old key. vLLM reads its keys only when it starts, so this restarts it
       ./rotate-key.sh --finish --later   ends the old key with the next start
       ./rotate-key.sh --now           a new key at once, the old one dead: for a key that got out. Restarts vLLM

  WORKSPACE       the folder the server was started with: /workspace
  START_TIMEOUT   seconds until a restart that is not ready counts as failed: 1800

How it works: start-server.sh starts vLLM with a spare key beside the pod's own. A rotation makes the spare the pod's key. A restart
takes as long as the model takes to load, ends running answers, and makes the next spare.
END
}

say() { printf '%s\n' "$*"; }
fail() {
  printf 'rotate-key: %s\n' "$1" >&2
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

# Reads server.pid into VLLM_PID, VLLM_START, KEEPER_PID, KEEPER_START, URL.
read_record() {
  VLLM_PID='' VLLM_START='' KEEPER_PID='' KEEPER_START='' URL=''
  [[ -f $LOGS/server.pid ]] || return 1
  local name pid start
  while read -r name pid start; do
    case $name in
      vllm) VLLM_PID=$pid VLLM_START=$start ;;
      keeper) KEEPER_PID=$pid KEEPER_START=$start ;;
      url) URL=$pid ;;
    esac
  done <"$LOGS/server.pid"
}

is_running() { read_record && is_alive "$VLLM_PID" "$VLLM_START"; }

# 43 letters and digits from the system's generator: 256 bits. What is not of the alphabet is thrown away, so none is favoured.
new_key() {
  local drawn=''
  while ((${#drawn} < 43)); do drawn+=$(head -c 256 /dev/urandom | LC_ALL=C tr -dc 'A-Za-z0-9'); done
  printf 'sk-pod-%s' "${drawn:0:43}"
}

# Puts standard input into a file that only its owner can read, at no moment otherwise, and never half of it.
write_private() {
  local temporary
  temporary=$(umask 077 && mktemp "$LOGS/.new.XXXXXX") || return 1
  if cat >"$temporary" && chmod 600 "$temporary" && mv -f "$temporary" "$1"; then return 0; fi
  rm -f "$temporary"
  return 1
}

write_key() { write_private "$1" < <(printf '%s\n' "$2") || fail "The key can't be written to $1." "Is the disk full?"; }

# The key a file holds, in KEY; empty if there is no such file.
read_key() {
  KEY=''
  [[ -e $1 || -L $1 ]] || return 0
  if [[ -L $1 || ! -f $1 || ! -O $1 ]]; then fail "$1 must be a plain file of the user who runs this."; fi
  { IFS= read -r KEY || true; } <"$1"
  KEY=${KEY%$'\r'}
  if ! [[ $KEY =~ ^[A-Za-z0-9._~+/=-]*$ ]]; then fail "$1 holds no key."; fi
}

# The status of GET PATH, asked with a key. The key stands in no command line.
status_of() {
  curl -q -s -k -o /dev/null -w '%{http_code}' --noproxy '*' --connect-timeout 5 --max-time 10 \
    --config <(printf 'header = "Authorization: Bearer %s"\n' "$2") "$URL$1" || true
}

# Remembers, by its hash, a key that is never to work again: a VLLM_API_KEY left in the pod's settings would bring it back.
remember_ended() {
  [[ -n $1 ]] || return 0
  printf '%s' "$1" | sha256sum | cut -c 1-64 >>"$LOGS/ended-keys"
}

how_long() {
  local seconds=''
  if [[ -r $LOGS/load-seconds ]]; then read -r seconds <"$LOGS/load-seconds" || true; fi
  if [[ $seconds =~ ^[0-9]+$ ]]; then printf 'the last start took %d s' "$((10#$seconds))"; else printf 'as long as the model takes to load'; fi
}

# Has the keeper start vLLM anew with the keys as they are in the files now, and waits until it answers.
restart() {
  local before="$VLLM_PID $VLLM_START" next=10
  if ! is_alive "$KEEPER_PID" "$KEEPER_START"; then
    fail "The process that start-server.sh left beside vLLM is gone, so it can't be restarted from here." \
      "The keys are settled in $LOGS: stop-server.sh, then start-server.sh as before."
  fi
  say "Restarting vLLM: running answers end now, and nothing is answered until the model is loaded ($(how_long))."
  kill -USR1 "$KEEPER_PID"
  SECONDS=0
  read_key "$LOGS/api-key.txt"
  while :; do
    sleep 1
    if ! is_alive "$KEEPER_PID" "$KEEPER_START"; then
      say "rotate-key: vLLM did not come back:" >&2
      tail -n 15 "$LOGS/server.log" | LC_ALL=C tr -d '\000-\010\013-\037' | cut -c 1-300 >&2
      exit 1
    fi
    if is_running && [[ "$VLLM_PID $VLLM_START" != "$before" && $(status_of /v1/models "$KEY") == 200 ]]; then break; fi
    if ((SECONDS >= START_TIMEOUT)); then fail "Not ready after $START_TIMEOUT s; it is left to go on." "$LOGS/server.log says what it does; the keys are settled."; fi
    if ((SECONDS >= next)); then
      next=$((SECONDS + 10))
      say "  $SECONDS s …"
    fi
  done
  printf '%s\n' "$SECONDS" | write_private "$LOGS/load-seconds"
  say "Ready after $SECONDS s."
}

show_key() {
  say ""
  say "The pod's new key, shown this once and kept in $LOGS/api-key.txt:"
  say ""
  say "  $1"
  say ""
  say "Put it into Podpass: Pods, the pod's menu, Replace key. Or on Podpass' machine:"
  say ""
  say "  ssh THIS-MACHINE \"cat $(printf '%q' "$LOGS/api-key.txt")\" | npm run -s podpass -- pod key NAME"
  say ""
}

rotate() {
  local old current next
  read_key "$LOGS/old-api-key.txt"
  old=$KEY
  read_key "$LOGS/next-api-key.txt"
  next=$KEY
  read_key "$LOGS/api-key.txt"
  current=$KEY
  if [[ -n $old && $old != "$current" ]]; then
    fail "A change is under way: the old key still works." \
      "Once Podpass has the new one ($LOGS/api-key.txt): rotate-key.sh --finish" "To drop both and take another: rotate-key.sh --now"
  fi
  if is_running; then
    if [[ -z $next ]]; then
      fail "This server has no spare key, because it was started with a --config of its own." "rotate-key.sh --now restarts it with a new one."
    fi
    if [[ $(status_of /health "$current") != 200 ]]; then fail "The server doesn't answer now." "Try again when it is ready."; fi
    if [[ $(status_of /v1/models "$next") != 200 ]]; then
      fail "The running server doesn't know its spare key, so nothing was changed." "rotate-key.sh --finish restarts it with one; --now replaces the key at once."
    fi
  elif [[ -z $next ]]; then
    next=$(new_key)
    write_key "$LOGS/next-api-key.txt" "$next"
  fi
  # If this ends between the two, the old key is written twice and nothing else has happened.
  write_key "$LOGS/old-api-key.txt" "$current"
  mv -f -- "$LOGS/next-api-key.txt" "$LOGS/api-key.txt"
  show_key "$next"
  if is_running; then
    say "Both keys work from now on, and nothing was interrupted. When Podpass has the new one, rotate-key.sh --finish ends the old"
    say "one; that restarts vLLM ($(how_long)), since it reads its keys only then. --finish --later leaves it to the next start."
  else
    say "The server doesn't run. From its next start on both keys work, until rotate-key.sh --finish."
  fi
}

finish() {
  read_key "$LOGS/old-api-key.txt"
  local old=$KEY
  read_key "$LOGS/api-key.txt"
  if [[ $old != "$KEY" ]]; then remember_ended "$old"; fi
  rm -f -- "$LOGS/old-api-key.txt"
  if [[ -n $LATER ]]; then
    if is_running; then say "The old key works until the next start, and not after it."; else say "The old key is gone."; fi
    return
  fi
  if is_running; then restart; fi
  say "The pod takes the key in $LOGS/api-key.txt, and no older one."
}

replace_now() {
  local key name
  key=$(new_key)
  for name in old-api-key.txt next-api-key.txt api-key.txt; do
    read_key "$LOGS/$name"
    remember_ended "$KEY"
  done
  rm -f -- "$LOGS/old-api-key.txt" "$LOGS/next-api-key.txt"
  write_key "$LOGS/api-key.txt" "$key"
  if is_running; then restart; fi
  show_key "$key"
  say "The old key is dead. Until Podpass has this one, its members' requests are refused."
}

main() {
  umask 077
  local what=rotate
  LATER=''
  while (($# > 0)); do
    case $1 in
      -h | --help)
        usage
        exit 0
        ;;
      --finish) if [[ $what == rotate ]]; then what=finish; else what=both; fi ;;
      --now) if [[ $what == rotate ]]; then what=now; else what=both; fi ;;
      --later) LATER=yes ;;
      *)
        usage >&2
        fail "$1 is not an option."
        ;;
    esac
    shift
  done
  if [[ $what == both ]]; then fail "Choose one of --finish and --now."; fi
  if [[ -n $LATER && $what != finish ]]; then fail "--later goes with --finish."; fi
  WORKSPACE=${WORKSPACE:-/workspace} START_TIMEOUT=${START_TIMEOUT:-1800}
  if ! [[ $START_TIMEOUT =~ ^[0-9]{1,6}$ ]]; then fail "START_TIMEOUT must be a number of seconds, not \"$START_TIMEOUT\"."; fi
  START_TIMEOUT=$((10#$START_TIMEOUT))
  if ! command -v curl >/dev/null; then fail "curl is missing: apt-get install curl"; fi
  if ! LOGS=$(cd -- "$WORKSPACE" 2>/dev/null && pwd); then fail "$WORKSPACE is not a folder." "WORKSPACE is the folder start-server.sh was given."; fi
  WORKSPACE=$LOGS LOGS=$LOGS/logs
  if [[ -d $LOGS && ! -x $LOGS ]]; then fail "$LOGS is closed to this user." "Run this as the user who started the server."; fi
  if [[ ! -f $LOGS/api-key.txt ]]; then fail "There is no key in $LOGS/api-key.txt." "start-server.sh makes the first one."; fi
  read_key "$LOGS/api-key.txt"
  if [[ -z $KEY ]]; then fail "$LOGS/api-key.txt is empty." "start-server.sh makes a new one."; fi
  local code=0
  exec 9>>"$LOGS/lock"
  flock -n 9 2>/dev/null || code=$?
  if ((code == 1)); then fail "A start or another rotation is under way with $WORKSPACE."; fi
  case $what in
    rotate) rotate ;;
    finish) finish ;;
    now) replace_now ;;
  esac
}

# On one line, so that nothing more is read: this file may be replaced while it runs.
main "$@"; exit
