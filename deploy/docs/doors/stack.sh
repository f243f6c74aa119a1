# For the examples of the doors, read into a shell with `. deploy/docs/doors/stack.sh` beside a running `redress up`:
# where that stack answers, and a curl that signs after Standard Webhooks. Follows REDRESS_DATA_DIR and REDRESS_CLIENTS.
DIR=${REDRESS_DATA_DIR:-$HOME/.redress}
[ -r "$DIR/stack.json" ] || echo "no stack runs in $DIR: start one with redress up, or set REDRESS_DATA_DIR to its directory" >&2
told() { sed -n "s/.*\"$1\": \"\([^\"]*\)\".*/\1/p" "$DIR/stack.json" 2>/dev/null; }
export CLIENTS="${REDRESS_CLIENTS:-$DIR/clients.toml}" URL="$(told gateway)" CODEC="$(told codec)" TEMPORAL="$(told temporal)"

key() { sed -n "/id = \"$1\"/,/secrets/s/.*whsec_\([^\"]*\)\".*/\1/p" "$CLIENTS" | base64 -d | od -An -vtx1 | tr -d ' \n'; }
call() {  # client, text that is signed, then what curl needs
  local client="$1" text="$2" id="msg_$(openssl rand -hex 12)" at="$(date +%s)"; shift 2
  local signature="$(printf '%s' "$id.$at.$text" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$(key "$client")" -binary | base64)"
  curl -sS -H "redress-client: $client" -H "webhook-id: $id" -H "webhook-timestamp: $at" -H "webhook-signature: v1,$signature" "$@"
}
post() { call "$1" "$3" "$URL$2" -H 'content-type: application/json' --data-binary "$3"; echo; }  # client, path, body
get() { call "$1" "GET $2" "$URL$2"; echo; }                                                     # client, target
field() { tee /dev/stderr | sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }                         # one field of an answer, which is shown
