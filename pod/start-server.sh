#!/usr/bin/env bash
# Starts vLLM on the machine with the GPU under a strong key, and waits until it answers. Needs bash, curl and vLLM.
set -euo pipefail

usage() {
  cat <<'END'
Usage: MODEL=NAME ./start-server.sh [--foreground] [-- ARGUMENTS FOR VLLM]

  MODEL           the model, as `vllm serve` takes it: a name on Hugging Face or a folder
  WORKSPACE       where keys and logs are kept, in its folder logs: /workspace
  VLLM_API_KEY    the pod's key; left out: the one kept there, else a new one
  HOST, PORT      where vLLM listens: 0.0.0.0, 8000
  VLLM_ARGS       more arguments for vLLM, quoted as in a shell, where none can be written after --
  VLLM_COMMAND    the program `vllm`, if it is not on the PATH
  START_TIMEOUT   seconds until a start that is not ready counts as failed: 1800
  STOP_TIMEOUT    seconds a restart or a stop in the foreground waits for vLLM to end: 30
  LOG_MAX_BYTES   size at which server.log is put aside, five are kept: 50000000

  --foreground    stay until the server ends, as the command of a container; shows no key
END
}

say() { printf '%s\n' "$*"; }
fail() {
  printf 'start-server: %s\n' "$1" >&2
  shift
  if (($# > 0)); then printf '  %s\n' "$@" >&2; fi
  exit 1
}

# ---- processes -------------------------------------------------------------------------------------------------------

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

# ---- keys ------------------------------------------------------------------------------------------------------------

# 43 letters and digits from the system's generator: 256 bits. What is not of the alphabet is thrown away, so none is favoured.
new_key() {
  local drawn=''
  while ((${#drawn} < 43)); do drawn+=$(head -c 256 /dev/urandom | LC_ALL=C tr -dc 'A-Za-z0-9'); done
  printf 'sk-pod-%s' "${drawn:0:43}"
}

# Why a key is too weak or can't be used; nothing if it is good.
weakness_of() {
  local key=$1 LC_ALL=C length=${#1} distinct='' rows=0 at letter code last=-9
  if ! [[ $key =~ ^[A-Za-z0-9][A-Za-z0-9._~+/=-]*$ ]]; then
    printf 'it may have letters, digits and . _ ~ + / = - alone, without spaces, and begins with a letter or a digit'
  elif ((length < 24)); then
    printf 'it has %d characters; 24 are the least' "$length"
  elif ((length > 512)); then
    printf 'it has %d characters; 512 are the most' "$length"
  elif [[ $key =~ ^sk-vllm-[A-Za-z0-9]{38}$ ]]; then
    printf "it is a member's key for Podpass; a pod needs one that nobody else has"
  else
    for ((at = 0; at < length; at += 1)); do
      letter=${key:at:1}
      [[ $distinct == *"$letter"* ]] || distinct+=$letter
      printf -v code '%d' "'$letter"
      if ((code - last <= 1 && last - code <= 1)); then rows=$((rows + 1)); fi
      last=$code
    done
    if ((${#distinct} < 8)); then
      printf 'it has only %d different characters; 8 are the least' "${#distinct}"
      return
    fi
    if ((rows * 2 > length)); then
      printf 'it is mostly a row such as abcdef or 123456'
      return
    fi
    for ((at = 1; at <= length / 2; at += 1)); do
      if [[ ${key:at} == "${key:0:length-at}" ]]; then
        printf 'it repeats its first %d characters' "$at"
        return
      fi
    done
    case ${key,,} in
      *password* | *changeme* | *change-me* | *change_me* | *placeholder* | *example* | *your-key* | *your_key* | *yourkey* | *your-api* | *your_api*)
        printf 'it holds a word that stands in every list of guesses'
        ;;
    esac
  fi
}

# Puts standard input into a file that only its owner can read, at no moment otherwise, and never half of it.
write_private() {
  local temporary
  temporary=$(umask 077 && mktemp "$LOGS/.new.XXXXXX") || return 1
  if cat >"$temporary" && chmod 600 "$temporary" && mv -f "$temporary" "$1"; then return 0; fi
  rm -f "$temporary"
  return 1
}

# The key a file holds, in KEY; empty if there is no such file or nothing in it.
read_key() {
  KEY=''
  [[ -e $1 || -L $1 ]] || return 0
  if [[ -L $1 || ! -f $1 ]]; then fail "$1 must be a plain file." "Move it away and start again."; fi
  if [[ ! -O $1 ]]; then fail "$1 belongs to another user." "Start as that user, or move it away."; fi
  local rest='' weak
  { IFS= read -r KEY && IFS= read -r rest; } <"$1" || true
  KEY=${KEY%$'\r'}
  if [[ -z $KEY && -z $rest ]]; then return 0; fi
  weak=$(weakness_of "$KEY")
  if [[ -n $rest ]]; then weak='it has more than one line'; fi
  if [[ -n $weak ]]; then fail "The key in $1 is refused: $weak." "Move the file away to get a new one, or write a good key into it."; fi
}

# Closes a folder or file to others; says so where it was open, and where the file system keeps no modes.
close_to_others() {
  local mode was
  was=$(stat -c %a "$1" 2>/dev/null) || return 0
  [[ $was == *00 ]] && return 0
  chmod "$2" "$1" 2>/dev/null || true
  mode=$(stat -c %a "$1")
  if [[ $mode != *00 ]]; then
    if [[ -n ${MODES_TOLD:-} ]]; then return 0; fi
    MODES_TOLD=yes
    say "Note: $1 has mode $mode, and this file system doesn't take $2: other users of this machine can read the key." \
      "On a pod where everybody is root that changes nothing."
  elif [[ -f $1 ]]; then
    say "Note: $1 had mode $was, now $2. If others use this machine, they could read the key: rotate-key.sh makes a new one."
  fi
}

# ---- what is asked for -----------------------------------------------------------------------------------------------

read_arguments() {
  FOREGROUND='' EXTRA=() VLLM_ARGS=${VLLM_ARGS:-}
  local argument words
  if [[ -n ${VLLM_ARGS//[[:space:]]/} ]]; then
    # xargs knows quotes and runs nothing but printf.
    words=$(printf '%s' "$VLLM_ARGS" | tr '\n' ' ' | xargs printf '%s\n' 2>/dev/null) || fail "VLLM_ARGS has a quote that doesn't end."
    while IFS= read -r argument; do EXTRA+=("$argument"); done < <(printf '%s\n' "$words")
  fi
  while (($# > 0)); do
    case $1 in
      -h | --help)
        usage
        exit 0
        ;;
      --foreground) FOREGROUND=yes ;;
      --)
        shift
        EXTRA+=("$@")
        break
        ;;
      *)
        usage >&2
        fail "$1 is not an option. Arguments for vLLM come after --"
        ;;
    esac
    shift
  done
  OWN_CONFIG='' SCHEME=http
  for argument in ${EXTRA[@]+"${EXTRA[@]}"}; do
    case $argument in
      --api[-_]k*) fail "$argument: give the key in VLLM_API_KEY; an argument can be read by everybody on the machine." ;;
      --host | --host=* | --port | --port=*) fail "$argument: give it as HOST or PORT." ;;
      --model | --model=*) fail "$argument: give it as MODEL." ;;
      --uds | --uds=*) fail "$argument: Podpass needs a port to connect to." ;;
      --config | --config=*) OWN_CONFIG=yes ;;
      --ssl[-_]certfile | --ssl[-_]certfile=*) SCHEME=https ;;
    esac
  done
}

whole_number() {
  if ! [[ $2 =~ ^[0-9]{1,12}$ ]] || ((10#$2 < $3 || 10#$2 > $4)); then fail "$1 must be a number from $3 to $4, not \"$2\"."; fi
}

read_settings() {
  WORKSPACE=${WORKSPACE:-/workspace} HOST=${HOST:-0.0.0.0} PORT=${PORT:-8000}
  START_TIMEOUT=${START_TIMEOUT:-1800} STOP_TIMEOUT=${STOP_TIMEOUT:-30} LOG_MAX_BYTES=${LOG_MAX_BYTES:-50000000}
  MODEL=${MODEL:-}
  if [[ -z $MODEL ]]; then fail "MODEL is not set." "MODEL=Qwen/Qwen3-8B $0" "MODEL=/workspace/models/mine $0"; fi
  case $MODEL in
    -*) fail "MODEL=$MODEL looks like an option." ;;
    /* | ./* | ../*) if [[ ! -e $MODEL ]]; then fail "MODEL=$MODEL: there is no such folder."; fi ;;
  esac
  if [[ $MODEL$WORKSPACE == *[[:cntrl:]]* ]]; then fail "MODEL and WORKSPACE can't hold line ends or other control characters."; fi
  whole_number PORT "$PORT" 1 65535
  whole_number START_TIMEOUT "$START_TIMEOUT" 1 604800
  whole_number STOP_TIMEOUT "$STOP_TIMEOUT" 0 86400
  whole_number LOG_MAX_BYTES "$LOG_MAX_BYTES" 10000 100000000000
  PORT=$((10#$PORT)) START_TIMEOUT=$((10#$START_TIMEOUT)) STOP_TIMEOUT=$((10#$STOP_TIMEOUT)) LOG_MAX_BYTES=$((10#$LOG_MAX_BYTES))
  case $HOST in
    0.0.0.0) NEAR=127.0.0.1 NEAR_URL=127.0.0.1 ;;
    ::) NEAR=::1 NEAR_URL='[::1]' ;;
    *[!0-9A-Fa-f:.]*)
      if [[ $HOST != localhost ]]; then fail "HOST must be an address of this machine, not \"$HOST\"." "Leave it out to listen on all."; fi
      NEAR=localhost NEAR_URL=localhost
      ;;
    *:*) NEAR=$HOST NEAR_URL="[$HOST]" ;;
    *) NEAR=$HOST NEAR_URL=$HOST ;;
  esac
  URL=$SCHEME://$NEAR_URL:$PORT
  local weak=''
  if [[ -n ${VLLM_API_KEY:-} ]]; then weak=$(weakness_of "$VLLM_API_KEY"); fi
  if [[ -n $weak ]]; then fail "VLLM_API_KEY is refused: $weak." "Leave it out and a good one is made."; fi
}

find_vllm() {
  local program=${VLLM_COMMAND:-vllm} path first python
  if ! path=$(command -v -- "$program"); then
    if [[ -n ${VLLM_COMMAND:-} ]]; then fail "VLLM_COMMAND=$program: there is no such program."; fi
    fail "vllm is not on the PATH." "pip install vllm, or activate its environment, or name the program in VLLM_COMMAND."
  fi
  SERVE=("$path" serve "$MODEL")
  # Some builds for CPU are packaged under another name, and their command then fails looking for its own version.
  { IFS= read -r first <"$path"; } 2>/dev/null || return 0
  python=${first#'#!'}
  if [[ $first == '#!'*python* && -x $python ]] && ! "$python" -c 'import importlib.metadata as m; m.version("vllm")' 2>/dev/null; then
    SERVE=("$python" -m vllm.entrypoints.openai.api_server --model "$MODEL")
  fi
}

prepare_folder() {
  local nearest=$WORKSPACE
  if ! mkdir -p -- "$WORKSPACE" 2>/dev/null; then
    while [[ -n $nearest && ! -e $nearest ]]; do nearest=$(dirname -- "$nearest"); done
    fail "$WORKSPACE can't be made: $nearest is not a folder you may write to." "WORKSPACE=\"\$HOME/pod\" $0"
  fi
  WORKSPACE=$(cd -- "$WORKSPACE" 2>/dev/null && pwd) || fail "WORKSPACE can't be entered."
  LOGS=$WORKSPACE/logs
  if [[ -L $LOGS ]]; then fail "$LOGS is a link; it holds the key and must be a folder of its own."; fi
  (umask 077 && mkdir -p -- "$LOGS") 2>/dev/null || fail "$LOGS can't be made: $WORKSPACE is not a folder you may write to." "WORKSPACE=\"\$HOME/pod\" $0"
  if [[ ! -O $LOGS ]]; then fail "$LOGS belongs to another user." "Start as that user, or choose another WORKSPACE."; fi
  close_to_others "$LOGS" 700
  { : >>"$LOGS/server.log"; } 2>/dev/null || fail "$LOGS can't be written to."
  close_to_others "$LOGS/server.log" 600
}

# One start or rotation at a time. Where there is no flock the port alone keeps a second one out.
take_lock() {
  local code=0
  exec 9>>"$LOGS/lock"
  flock -n 9 2>/dev/null || code=$?
  if ((code == 1)); then fail "Another start or rotation is under way with $WORKSPACE."; fi
}

refuse_second_start() {
  if read_record; then
    if is_alive "$VLLM_PID" "$VLLM_START"; then
      fail "It already runs with $WORKSPACE: process $VLLM_PID." "stop-server.sh ends it. A second one needs another WORKSPACE and PORT."
    fi
    # A keeper without a server is between two of them, or about to end.
    if is_alive "$KEEPER_PID" "$KEEPER_START"; then fail "A server is being restarted with $WORKSPACE." "stop-server.sh ends it."; fi
    rm -f -- "$LOGS/server.pid"
  fi
  if (exec 3<>"/dev/tcp/$NEAR/$PORT") 2>/dev/null; then
    fail "Port $PORT is taken by another program." "PORT=$((PORT < 65535 ? PORT + 1 : PORT - 1)) $0"
  fi
}

# Whether rotate-key.sh has put another key in the place of this one.
was_rotated() {
  local now=$KEY old hash
  read_key "$LOGS/old-api-key.txt"
  old=$KEY KEY=$now
  if [[ $old == "$1" ]]; then return 0; fi
  hash=$(printf '%s' "$1" | sha256sum | cut -c 1-64)
  grep -qxF "$hash" "$LOGS/ended-keys" 2>/dev/null
}

# Settles the pod's key and puts it into api-key.txt.
settle_key() {
  local given=${VLLM_API_KEY:-} file=$LOGS/api-key.txt name
  NEW_KEY=''
  for name in api-key.txt next-api-key.txt old-api-key.txt vllm.yaml; do
    if [[ -f $LOGS/$name && ! -L $LOGS/$name && -O $LOGS/$name ]]; then close_to_others "$LOGS/$name" 600; fi
  done
  if [[ -n $given ]]; then
    read_key "$file"
    if [[ $KEY == "$given" ]]; then return 0; fi
    if [[ -n $KEY ]] && was_rotated "$given"; then
      say "VLLM_API_KEY holds the key from before a rotation. The pod's is the one in $file; take the variable out of the pod's settings."
      return 0
    fi
    if [[ -n $KEY ]]; then say "VLLM_API_KEY takes the place of the key in $file."; fi
    KEY=$given
  else
    read_key "$file"
    if [[ -n $KEY ]]; then return 0; fi
    KEY=$(new_key)
    NEW_KEY=yes
  fi
  write_private "$file" < <(printf '%s\n' "$KEY") || fail "The key can't be written to $file." "Is the disk full?"
  close_to_others "$file" 600
}

# ---- the keeper: a process that starts vLLM, puts its log aside, and starts it anew when the keys have changed ---------

# The keys vLLM shall take, in KEYS: the pod's key, the outgoing one during a change, and a spare that the next change will make the pod's.
collect_keys() {
  local name
  KEYS=()
  for name in api-key.txt old-api-key.txt next-api-key.txt; do
    read_key "$LOGS/$name"
    if [[ $name == next-api-key.txt && (-z $KEY || " ${KEYS[*]-} " == *" $KEY "*) ]]; then
      KEY=$(new_key)
      write_private "$LOGS/$name" < <(printf '%s\n' "$KEY") || fail "$LOGS/$name can't be written."
    fi
    if [[ -n $KEY && " ${KEYS[*]-} " != *" $KEY "* ]]; then KEYS+=("$KEY"); fi
  done
}

# vLLM's option --api-key, given in a file: a command line and, for a list, an environment are no place for it.
write_keys_for_vllm() {
  local key
  write_private "$LOGS/vllm.yaml" < <(
    printf '# Written by start-server.sh at each start.\napi-key:\n'
    for key in "${KEYS[@]}"; do printf '  - "%s"\n' "$key"; done
  ) || fail "$LOGS/vllm.yaml can't be written."
}

put_log_aside() {
  local n
  for n in 4 3 2 1; do
    if [[ -f $LOGS/server.log.$n ]]; then mv -f -- "$LOGS/server.log.$n" "$LOGS/server.log.$((n + 1))"; fi
  done
  if cp -p -- "$LOGS/server.log" "$LOGS/server.log.1"; then : >"$LOGS/server.log"; fi
}

launch() {
  local -a command=("${SERVE[@]}")
  if [[ -s $LOGS/server.log ]]; then put_log_aside; fi
  if [[ -n $OWN_CONFIG ]]; then
    read_key "$LOGS/api-key.txt"
  else
    collect_keys
    write_keys_for_vllm
    command+=(--config "$LOGS/vllm.yaml")
  fi
  command+=(--host "$HOST" --port "$PORT" ${EXTRA[@]+"${EXTRA[@]}"})
  (
    unset VLLM_API_KEY VLLM_ARGS VLLM_COMMAND
    if [[ -n $OWN_CONFIG ]]; then export VLLM_API_KEY=$KEY; fi
    umask "$CALLERS_UMASK"
    exec "${command[@]}"
  ) &
  SERVER=$!
  SERVER_START=$(started_at "$SERVER") || SERVER_START=''
  printf '%s\n' "vllm $SERVER $SERVER_START" "keeper $SELF" "url $URL" | write_private "$LOGS/server.pid"
}

keep() {
  set +e
  # Every child gets a process group of its own, so that what vLLM leaves behind can be found and ended.
  set -m
  # Bash tells of children's ends on its own standard error; only what vLLM and launch say is wanted.
  exec 9>&- </dev/null >>"$LOGS/server.log" 2>/dev/null
  local turns=0 code deadline='' restart='' stop=''
  # In $( ) BASHPID is another process's.
  SELF=$BASHPID
  SELF="$SELF $(started_at "$SELF")"
  trap '' HUP
  trap 'stop=yes; kill -TERM "$SERVER" 2>/dev/null' TERM
  trap 'restart=yes; kill -TERM "$SERVER" 2>/dev/null' USR1
  launch 2>>"$LOGS/server.log"
  while :; do
    while is_alive "$SERVER" "$SERVER_START"; do
      sleep 1 &
      wait "$!"
      turns=$((turns + 1))
      if ((turns % 30 == 0)) && (($(wc -c <"$LOGS/server.log") > LOG_MAX_BYTES)); then put_log_aside; fi
      if [[ -n $restart$stop ]]; then
        deadline=${deadline:-$((SECONDS + STOP_TIMEOUT))}
        if [[ -n $restart ]] && ((SECONDS >= deadline)); then kill -KILL -- "-$SERVER" 2>/dev/null; fi
      fi
    done
    wait "$SERVER"
    code=$?
    # Engines that outlived their server would keep the GPU's memory.
    kill -TERM -- "-$SERVER" 2>/dev/null && sleep 1
    kill -KILL -- "-$SERVER" 2>/dev/null
    outlast_group "$SERVER"
    if [[ -z $restart || -n $stop ]]; then break; fi
    restart='' deadline=''
    launch 2>>"$LOGS/server.log"
  done
  printf 'start-server: vLLM ended with code %s.\n' "$code"
  rm -f -- "$LOGS/server.pid"
  exit "$code"
}

# ---- waiting ---------------------------------------------------------------------------------------------------------

# The status of GET PATH, asked with the key of the second argument, if there is one. The key stands in no command line.
status_of() {
  curl -q -s -k -o /dev/null -w '%{http_code}' --noproxy '*' --connect-timeout 5 --max-time 10 \
    --config <(if [[ -n ${2-} ]]; then printf 'header = "Authorization: Bearer %s"\n' "$2"; fi) "$URL$1" || true
}

# A line of the log without control characters and keys, and not too long.
clean_lines() {
  local line
  while IFS= read -r line || [[ -n $line ]]; do
    line=${line//[[:cntrl:]]/ }
    line=${line//"$KEY"/***}
    printf '  %s\n' "${line:0:300}"
  done
}

explain_failure() {
  local log=$LOGS/server.log found
  found=$(grep -aiE 'error|exception|killed|out of memory|no space|denied|gated|unrecognized|ended with code' "$log" |
    grep -avE '(INFO|WARNING|DEBUG) [0-9]' | tail -n 12) || true
  if [[ -z $found ]]; then found=$(tail -n 15 "$log"); fi
  printf '%s\n' "$found" | clean_lines >&2
  hint() { if grep -aqiE "$1" "$log"; then printf '\n%s\n' "$2" >&2; fi; }
  hint 'out of memory|No available memory|larger than the (available|maximum)' \
    'The memory is too small: try -- --max-model-len 8192, --gpu-memory-utilization 0.95, or a smaller or quantised model.'
  hint 'gated repo|GatedRepo|401 Client Error|403 Client Error' 'The model wants a licence to be accepted on Hugging Face, and HF_TOKEN here.'
  hint 'not a valid model identifier|RepositoryNotFound|is not a local folder' 'Is MODEL spelled right? A private model wants HF_TOKEN.'
  hint 'No space left' 'The disk is full: df -h; models lie in HF_HUB_CACHE.'
  hint 'unrecognized arguments|expected one argument' 'vLLM does not know one of the arguments after --.'
  hint 'address already in use' 'The port is taken: choose another PORT.'
  hint 'Failed to infer device type|No CUDA|NVIDIA driver' 'vLLM found no GPU: does nvidia-smi show one?'
  hint 'No module named' 'vLLM is not installed whole: is its environment the active one?'
  printf '\nThe whole log: %s\n' "$log" >&2
}

# Ends what was started here, for a start that failed.
give_up() {
  local left=$STOP_TIMEOUT
  kill -TERM "$KEEPER" 2>/dev/null || true
  while is_alive "$KEEPER" "$KEEPER_STARTED" && ((left > 0)); do
    sleep 1
    left=$((left - 1))
  done
  if is_alive "$KEEPER" "$KEEPER_STARTED"; then
    if read_record && is_alive "$VLLM_PID" "$VLLM_START"; then kill -KILL -- "-$VLLM_PID" 2>/dev/null || true; fi
    kill -KILL "$KEEPER" 2>/dev/null || true
    rm -f -- "$LOGS/server.pid"
  fi
}

wait_until_healthy() {
  local last='' next=10 code=0
  SECONDS=0
  while [[ $(status_of /health) != 200 ]]; do
    if ! is_alive "$KEEPER" "$KEEPER_STARTED"; then
      wait "$KEEPER" || code=$?
      say "" >&2
      say "start-server: vLLM ended with code $code after $SECONDS s:" >&2
      explain_failure
      exit 1
    fi
    if ((SECONDS >= START_TIMEOUT)); then
      say "start-server: not ready after $START_TIMEOUT s (START_TIMEOUT); it is being stopped. Its last words:" >&2
      tail -n 8 "$LOGS/server.log" | clean_lines >&2
      give_up
      exit 1
    fi
    if ((SECONDS >= next)); then
      next=$((SECONDS + (SECONDS < 60 ? 10 : 30)))
      last=$(tail -n 30 "$LOGS/server.log" | grep -aE 'INFO|WARNING|ERROR|[0-9]%' | tail -n 1 | clean_lines) || true
      say "  $SECONDS s${last:+:${last:1:110}}"
    fi
    sleep 1
  done
  LOADED_IN=$SECONDS
}

# That the key opens the server and another one doesn't: a server without a guard must not stay up unnoticed.
check_guard() {
  local with without
  with=$(status_of /v1/models "$KEY")
  without=$(status_of /v1/models "$(new_key)")
  if [[ $with == 200 && $without == 401 ]]; then return 0; fi
  give_up
  if [[ $without == 200 ]]; then
    fail "vLLM takes any key, so it was stopped." "Is this an old vLLM that reads no api-key from --config? Update it."
  fi
  fail "vLLM refuses its own key (status $with), so it was stopped." "Does something else set its keys, or is this an old vLLM? Look at $LOGS/server.log."
}

show_result() {
  local address=$SCHEME://ADDRESS-OF-THIS-MACHINE:$PORT proxy='' models
  models=$(curl -q -s -k --noproxy '*' --max-time 10 --config <(printf 'header = "Authorization: Bearer %s"\n' "$KEY") "$URL/v1/models" || true)
  # The first id is the model's; the others in the list are of its permissions.
  if [[ $models =~ \"id\"[[:space:]]*:[[:space:]]*\"([^\"\\]*)\" ]]; then models=${BASH_REMATCH[1]//[[:cntrl:]]/}; else models=$MODEL; fi
  say "Ready after $LOADED_IN s: $models on $HOST, port $PORT. Its key opens it, another one doesn't."
  say ""
  if [[ -n $FOREGROUND ]]; then
    say "The pod's key is in $LOGS/api-key.txt"
  elif [[ -n $NEW_KEY ]]; then
    say "The pod's key, shown this once and kept in $LOGS/api-key.txt:"
    say ""
    say "  $KEY"
  else
    say "The pod's key is the one in $LOGS/api-key.txt"
  fi
  say ""
  if [[ ${RUNPOD_POD_ID:-} =~ ^[A-Za-z0-9]+$ ]]; then address=https://$RUNPOD_POD_ID-$PORT.proxy.runpod.net proxy=' --behind-proxy on'; fi
  say "To connect it to Podpass: Pods, Add pod, with the address $address and this key. Or on Podpass' machine:"
  say ""
  say "  ssh THIS-MACHINE \"cat $(printf '%q' "$LOGS/api-key.txt")\" | npm run -s podpass -- pod add NAME $address --key-stdin$proxy"
  say ""
  local tcp=RUNPOD_TCP_PORT_$PORT
  if [[ -n ${RUNPOD_PUBLIC_IP:-} && -n ${!tcp:-} ]]; then
    say "Not through RunPod's proxy, which ends requests silent for 100 s, but without TLS: http://$RUNPOD_PUBLIC_IP:${!tcp}"
  fi
  if [[ $NEAR == 127.* || $NEAR == localhost || $NEAR == ::1 ]] && [[ $HOST != 0.0.0.0 && $HOST != :: ]]; then
    say "HOST=$HOST: only this machine reaches it, no proxy and no Podpass elsewhere."
  fi
  if [[ -n $OWN_CONFIG ]]; then say "With a --config of your own the pod has one key and no spare: rotate-key.sh has to restart it."; fi
  say "The key guards /v1 alone: /invocations, /tokenize, /metrics and others answer without it. Where you can, let only Podpass reach the port."
}

main() {
  CALLERS_UMASK=$(umask)
  umask 077
  if ((BASH_VERSINFO[0] < 4)); then fail "This needs bash 4 or newer."; fi
  read_arguments "$@"
  read_settings
  if ! command -v curl >/dev/null; then fail "curl is missing: apt-get install curl"; fi
  if [[ ! -r /proc/self/stat ]]; then fail "This needs Linux with /proc."; fi
  find_vllm
  prepare_folder
  take_lock
  refuse_second_start
  settle_key
  # What is downloaded to a pod's own disk is lost when it sleeps; its workspace stays.
  if [[ -z ${HF_HOME:-}${HF_HUB_CACHE:-} && ! -d ${XDG_CACHE_HOME:-${HOME:-}/.cache}/huggingface/hub ]]; then
    export HF_HUB_CACHE=$WORKSPACE/huggingface
  fi

  say "Starting vLLM with $MODEL; the log is $LOGS/server.log"
  set -m
  keep &
  KEEPER=$!
  set +m
  KEEPER_STARTED=$(started_at "$KEEPER") || KEEPER_STARTED=''
  trap 'say "Interrupted: stopping what was started." >&2; give_up; exit 130' INT TERM
  wait_until_healthy
  check_guard
  printf '%s\n' "$LOADED_IN" | write_private "$LOGS/load-seconds"
  show_result
  trap - INT TERM
  exec 9>&-
  if [[ -n $FOREGROUND ]]; then
    trap 'give_up' INT TERM
    local code=0
    while is_alive "$KEEPER" "$KEEPER_STARTED"; do wait "$KEEPER" || true; done
    wait "$KEEPER" || code=$?
    exit "$code"
  fi
}

# On one line, so that nothing more is read: this file may be replaced while it runs.
main "$@"; exit
