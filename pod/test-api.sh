#!/usr/bin/env bash
# Asks the vLLM on this machine what its users will ask, with the key that start-server.sh keeps. Needs bash and curl.
set -euo pipefail

usage() {
  cat <<'END'
Usage: ./test-api.sh

  WORKSPACE     the folder the server was started with: /workspace
  API_URL       its address, if it is not the one in logs/server.pid or http://127.0.0.1:$PORT
  PORT          8000
  API_MODEL     the model to ask; left out: the first one that is served
  API_TIMEOUT   seconds for one request: 120

Ends with 0 if everything passed, 1 if something failed, 2 if it could not begin.
END
}

fail() {
  printf 'test-api: %s\n' "$1" >&2
  shift
  if (($# > 0)); then printf '  %s\n' "$@" >&2; fi
  exit 2
}

# Finds KEY and URL.
find_target() {
  local logs=${WORKSPACE:-/workspace}/logs name value url=''
  if [[ -d $logs && ! -x $logs ]]; then fail "$logs is closed to this user." "Run this as the user who started the server."; fi
  if [[ ! -f $logs/api-key.txt ]]; then
    fail "There is no key in $logs/api-key.txt." "WORKSPACE is the folder start-server.sh was given. From elsewhere: test-api-local.sh"
  fi
  if [[ ! -r $logs/api-key.txt ]]; then fail "$logs/api-key.txt can't be read by this user."; fi
  { IFS= read -r KEY || true; } <"$logs/api-key.txt"
  if [[ -f $logs/server.pid ]]; then
    while read -r name value _; do
      if [[ $name == url ]]; then url=$value; fi
    done <"$logs/server.pid"
  fi
  URL=${API_URL:-${url:-http://127.0.0.1:${PORT:-8000}}}
  KEY_FROM=$logs/api-key.txt
}

# ---- the checks: the same lines in test-api.sh and test-api-local.sh ---------------------------------------------------

PASSED=0 FAILED=0 LAST_ADVICE=''

# A text from outside: one line, without control characters, without the key, not too long.
clean() {
  local text
  text=$(printf '%s' "$1" | LC_ALL=C tr -d '\000-\037\177')
  text=${text//"$KEY"/***}
  printf '%s' "${text:0:240}"
}

pass() {
  PASSED=$((PASSED + 1))
  printf 'PASS  %-22s %s\n' "$1" "$(clean "$2")"
}

# A check that failed, what was found, and what to do about it.
no() {
  FAILED=$((FAILED + 1))
  printf 'FAIL  %-22s %s\n' "$1" "$(clean "$2")"
  if [[ -n ${3-} && $3 != "$LAST_ADVICE" ]]; then printf '      %s\n' "$3"; fi
  LAST_ADVICE=${3-}
}

# Asks METHOD PATH with a key, or none if it is empty, and perhaps a body; sets STATUS, TYPE, LOCATION, SECONDS_TAKEN, CURL_EXIT and
# CURL_SAYS. The answer is in $SCRATCH/body. The key goes through a pipe: it stands in no command line and no file.
ask() {
  local method=$1 path=$2 key=$3 body=${4-}
  local data=()
  if [[ -n $body ]]; then data=(--header 'Content-Type: application/json' --data-raw "$body"); fi
  CURL_EXIT=0
  : >"$SCRATCH/body"
  curl -q --silent --show-error --request "$method" --output "$SCRATCH/body" --max-time "$LIMIT" --connect-timeout 15 \
    ${NO_PROXY_FOR[@]+"${NO_PROXY_FOR[@]}"} --write-out '%{http_code}\n%{content_type}\n%{redirect_url}\n%{time_total}\n' \
    --config <(if [[ -n $key ]]; then printf 'header = "Authorization: Bearer %s"\n' "$key"; fi) \
    ${data[@]+"${data[@]}"} "$URL$path" >"$SCRATCH/facts" 2>"$SCRATCH/says" || CURL_EXIT=$?
  { IFS= read -r STATUS && IFS= read -r TYPE && IFS= read -r LOCATION && IFS= read -r SECONDS_TAKEN; } <"$SCRATCH/facts" || STATUS=000
  CURL_SAYS=$(head -n 1 "$SCRATCH/says")
  TYPE=$(printf '%s' "${TYPE:-}" | tr '[:upper:]' '[:lower:]')
}

body() { head -c 200000 "$SCRATCH/body" | LC_ALL=C tr -d '\000'; }

is_page() {
  [[ ${TYPE:-} == text/html* ]] && return 0
  local start
  start=$(head -c 200 "$SCRATCH/body" | LC_ALL=C tr -d '\000' | tr '[:upper:]' '[:lower:]')
  [[ $start == *'<!doctype'* || $start == *'<html'* ]]
}

# What was found instead of the expected answer, in a few words.
found() {
  local text
  if ((CURL_EXIT == 28)); then
    printf 'nothing within %s s' "$LIMIT"
  elif ((CURL_EXIT != 0)); then
    printf '%s' "${CURL_SAYS:-curl ended with $CURL_EXIT}"
  elif [[ -n ${LOCATION:-} ]]; then
    printf '%s to %s' "$STATUS" "${LOCATION%%\?*}"
  elif is_page; then
    printf '%s with a web page' "$STATUS"
  else
    text=$(body)
    if [[ $text =~ \"message\"[[:space:]]*:[[:space:]]*\"(([^\"\\]|\\.)*)\" ]]; then text=${BASH_REMATCH[1]}; fi
    printf '%s %s' "$STATUS" "$text"
  fi
}

# What to do about it.
advice() {
  local text
  text=$(body)
  case $CURL_EXIT in
    0 | 18 | 56) ;;
    3) echo 'The address is misspelled.' ; return ;;
    5) echo 'The proxy that the environment names (https_proxy) is not known.' ; return ;;
    6) echo 'Nobody knows this name: is the address spelled right, and does the pod exist?' ; return ;;
    7) echo 'Nobody listens there: still loading, stopped, another port, or bound to another address.' ; return ;;
    28)
      echo 'The server took the request and does not answer: busy, hanging, or a model too slow for API_TIMEOUT.'
      return
      ;;
    35 | 51 | 53 | 58 | 59 | 60 | 77 | 83) echo 'TLS failed: http where it should be https or the reverse, or a certificate for another name.' ; return ;;
    52) echo 'The connection was closed without an answer: a server that restarts, or https asked of http.' ; return ;;
    *) echo 'See curl --manual for this code.' ; return ;;
  esac
  if ((CURL_EXIT != 0)); then
    echo 'The answer broke off: the server ended, or a proxy between cut it.'
    return
  fi
  case $STATUS in
    30[12378])
      if [[ ${LOCATION#https:} == "${URL#http:}"* ]]; then
        echo "Use the address it sends to: API_URL=https:${URL#http:}"
      elif printf '%s' "$LOCATION" | grep -qiE 'login|signin|sign-in|auth|sso|access'; then
        echo 'A sign-in page for browsers stands in front. Programs need an address without it.'
      else
        echo 'This address sends elsewhere, and the key is not sent after it. Use the last address.'
      fi
      ;;
    400 | 422) echo 'The server did not like the request: its words say why. A chat needs a model with a chat template.' ;;
    401) echo "The key is refused: is the one in $KEY_FROM this server's? Podpass takes its own keys, vLLM the pod's." ;;
    403) echo 'Refused: a firewall or proxy in front, or a network the key may not be used from.' ;;
    404)
      if [[ $text == *'"detail"'* ]]; then
        echo 'vLLM has no such route: the model may be one that embeds and does not write.'
      elif [[ $text == *model* ]]; then
        echo 'No such model for this key: API_MODEL names another one.'
      else
        echo 'Nothing here: is the address right? RunPod says 404 for a pod or port that it does not know.'
      fi
      ;;
    413) echo 'A proxy in front takes no body of this size.' ;;
    429) echo 'A limit of the key is reached, or the server is full: try again later.' ;;
    500) echo 'The server failed: its log says why.' ;;
    502) echo 'A proxy finds nobody behind it: vLLM is loading or stopped, or bound to 127.0.0.1 (start it with HOST=0.0.0.0).' ;;
    503) echo 'It lives and cannot serve: its engine is dead, the pod is loading or asleep, or the queue is full.' ;;
    504) echo 'A proxy waited too long for the server.' ;;
    520 | 521 | 522 | 523 | 525 | 526 | 530) echo 'Cloudflare, in front of RunPod, does not reach the pod: is it running?' ;;
    524) echo 'RunPod'\''s proxy ends what sends nothing for 100 s: ask for streams, or use a TCP port.' ;;
    200)
      if is_page; then
        echo 'A web page answered: this is the address of a site or a sign-in, not of the API.'
      else
        echo 'Something else than vLLM or Podpass answers there.'
      fi
      ;;
    *) echo 'Neither vLLM nor Podpass answers so: what else listens there?' ;;
  esac
}

# Who answers, told by how a wrong key is refused: WHO is vllm, podpass, open (no guard) or unknown.
find_out_who() {
  local text
  ask GET /v1/models 'no-key-of-this-server'
  text=$(body)
  if [[ $STATUS == 401 && $text =~ \"error\"[[:space:]]*:[[:space:]]*\"Unauthorized\" ]]; then
    WHO=vllm
  elif [[ $STATUS == 401 && $text == *'"invalid_api_key"'* ]]; then
    WHO=podpass
  elif [[ $STATUS == 200 && $text == *'"data"'* ]]; then
    WHO=open
  else
    WHO=unknown
  fi
}

check_health() {
  ask GET /health "$KEY"
  if [[ $STATUS == 200 ]] && ! is_page; then pass 'health with the key' "$STATUS"; else no 'health with the key' "$(found)" "$(advice)"; fi
}

# vLLM leaves /health open, Podpass does not.
check_health_without_key() {
  local name='health without a key'
  ask GET /health ''
  case $WHO:$STATUS in
    vllm:200 | open:200) pass "$name" '200: vLLM leaves it open' ;;
    podpass:401) pass "$name" '401: Podpass guards it' ;;
    podpass:200) no "$name" '200' 'Podpass should have asked for a key: does a proxy in front answer in its place?' ;;
    vllm:401) pass "$name" '401: something in front of vLLM guards it' ;;
    *) no "$name" "$(found)" "$(advice)" ;;
  esac
}

check_models() {
  local text
  MODEL_JSON=''
  ask GET /v1/models "$KEY"
  text=$(body)
  if [[ $STATUS != 200 || $text != *'"data"'* ]]; then
    no models "$(found)" "$(advice)"
  elif [[ $text =~ \"id\"[[:space:]]*:[[:space:]]*\"(([^\"\\]|\\.)*)\" ]]; then
    # As it stands in the JSON, so that it can go back as it came.
    MODEL_JSON=${BASH_REMATCH[1]}
    pass models "$MODEL_JSON"
  else
    no models 'an empty list' 'No pod serves a model this key may use.'
  fi
  if [[ -n ${API_MODEL:-} ]]; then
    MODEL_JSON=${API_MODEL//\\/\\\\}
    MODEL_JSON=${MODEL_JSON//\"/\\\"}
  fi
}

check_completion() {
  local text
  ask POST /v1/completions "$KEY" "{\"model\": \"$MODEL_JSON\", \"prompt\": \"Say hello.\", \"max_tokens\": 8}"
  text=$(body)
  if [[ $STATUS == 200 && $CURL_EXIT == 0 && $text == *'"choices"'* && $text =~ \"completion_tokens\"[[:space:]]*:[[:space:]]*([0-9]+) ]]; then
    pass completion "${BASH_REMATCH[1]} tokens in $SECONDS_TAKEN s"
  else
    no completion "$(found)" "$(advice)"
  fi
}

check_stream() {
  local name='streamed chat' events last
  ask POST /v1/chat/completions "$KEY" \
    "{\"model\": \"$MODEL_JSON\", \"messages\": [{\"role\": \"user\", \"content\": \"Say hello.\"}], \"max_tokens\": 16, \"stream\": true}"
  if [[ $STATUS != 200 || $TYPE != text/event-stream* ]]; then
    no "$name" "$(found)" "$(advice)"
    return
  fi
  events=$(tr -d '\r' <"$SCRATCH/body" | grep -ac '^data: *{') || events=0
  last=$(tr -d '\r' <"$SCRATCH/body" | grep -a '^data:' | tail -n 1) || last=''
  if tr -d '\r' <"$SCRATCH/body" | grep -qaE '^data: *\{"error"'; then
    no "$name" "an error within the stream: $(found)" 'The server failed while it answered: its log says why.'
  elif ((CURL_EXIT != 0)); then
    no "$name" "$events events, then: $(found)" "$(advice)"
  elif [[ ! $last =~ ^data:\ *\[DONE\]$ ]]; then
    no "$name" "$events events without [DONE]" 'The stream broke off politely: the server ended, or a proxy between cut it.'
  elif ((events == 0)); then
    no "$name" '[DONE] without an event' 'Something between swallows the events.'
  else
    pass "$name" "$events events and [DONE] in $SECONDS_TAKEN s"
  fi
}

check_wrong_key() {
  local wrong
  ask GET /v1/models 'no-key-of-this-server'
  wrong=$(found)
  if [[ $STATUS == 200 ]]; then
    no 'wrong key' '200: any key opens it' 'vLLM runs without --api-key: whoever finds the address can use it. start-server.sh starts it with one.'
    return
  elif [[ $STATUS != 401 ]]; then
    no 'wrong key' "$wrong" "$(advice)"
    return
  fi
  ask GET /v1/models ''
  if [[ $STATUS == 401 ]]; then pass 'wrong key, and none' '401'; else no 'wrong key, and none' "without one: $(found)" "$(advice)"; fi
}

# The address without /v1 and slashes at its end. Nothing is followed anywhere, so it has to be the right one.
settle_address() {
  if [[ $URL == *[[:space:]\"\\]* || $URL == *[[:cntrl:]]* ]]; then fail 'The address has spaces or quotes in it.'; fi
  case $URL in
    http://?* | https://?*) ;;
    *://*) fail "$URL: the address begins with http:// or https://" ;;
    *) fail "$URL: the address begins with http:// or https://" "API_URL=https://$URL" ;;
  esac
  case $URL in
    *@*) fail 'The address holds a user or password. Only the key is sent.' ;;
    *\?* | *\#*) fail 'The address has a ? or # in it: leave out what follows.' ;;
  esac
  while [[ $URL == */ ]]; do URL=${URL%/}; done
  URL=${URL%/v1}
  while [[ $URL == */ ]]; do URL=${URL%/}; done
  local host=${URL#*://}
  host=${host%%/*}
  NO_PROXY_FOR=()
  case $host in
    localhost | localhost:* | 127.* | '[::1]'*) NO_PROXY_FOR=(--noproxy '*') ;;
    *) if [[ $URL == http://* ]]; then printf 'Note: over http the key can be read on its way. Use https where you can.\n'; fi ;;
  esac
}

settle_key() {
  KEY=${KEY%$'\r'}
  KEY=${KEY%"${KEY##*[![:space:]]}"}
  KEY=${KEY#"${KEY%%[![:space:]]*}"}
  if [[ -z $KEY ]]; then fail "$KEY_FROM is empty."; fi
  if ! [[ $KEY =~ ^[A-Za-z0-9._~+/=:@-]+$ ]]; then fail "The key in $KEY_FROM has spaces, quotes or other signs that no key has. Copied whole, and nothing else?"; fi
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
  if ! command -v curl >/dev/null; then fail 'curl is missing.'; fi
  LIMIT=${API_TIMEOUT:-120}
  if ! [[ $LIMIT =~ ^[1-9][0-9]{0,5}$ ]]; then fail "API_TIMEOUT must be a number of seconds, not \"$LIMIT\"."; fi
  find_target
  settle_key
  settle_address
  umask 077
  SCRATCH=$(mktemp -d) || fail 'No temporary folder can be made.'
  trap 'rm -rf "$SCRATCH"' EXIT
  trap 'exit 130' INT TERM

  check_health
  # Where nothing but a proxy or a page answers, five more questions would say the same.
  if ((CURL_EXIT != 0)) || is_page || [[ $STATUS =~ ^(30.|502|504|52.|530)$ ]]; then
    printf '0 passed, 1 failed; the other checks were not tried\n'
    exit 1
  fi
  find_out_who
  check_health_without_key
  check_models
  if [[ -n $MODEL_JSON ]]; then
    check_completion
    check_stream
  else
    no completion 'not tried: there is no model'
    no 'streamed chat' 'not tried: there is no model'
  fi
  check_wrong_key
  case $WHO in
    vllm) printf 'vLLM at %s: ' "$URL" ;;
    podpass) printf 'Podpass at %s: ' "$URL" ;;
    open) printf 'vLLM without a key at %s: ' "$URL" ;;
    *) printf '%s: ' "$URL" ;;
  esac
  printf '%d passed, %d failed\n' "$PASSED" "$FAILED"
  ((FAILED == 0))
}

# On one line, so that nothing more is read: this file may be replaced while it runs.
main "$@"; exit
