#!/usr/bin/env bash
# Shell, with openssl. The HMAC (RFC 2104) is spelled out because `openssl dgst -hmac` wants the secret as an argument, where every
# user of the machine sees it. With an RSA key there is nothing to spell out: openssl dgst -sha256 -sign private.pem.
# ./mint.sh alice
set -euo pipefail

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
sha256() { openssl dgst -sha256 -binary; }
hex() { od -An -v -tx1 | tr -d ' \n'; }

# hmac SECRET: of standard input
hmac() {
    local key inner='' outer='' i
    key=$(printf %s "$1" | hex)
    if ((${#key} > 128)); then key=$(printf %s "$1" | sha256 | hex); fi
    while ((${#key} < 128)); do key+=00; done
    for ((i = 0; i < 128; i += 2)); do
        inner+=$(printf '\\x%02x' $((0x${key:i:2} ^ 0x36)))
        outer+=$(printf '\\x%02x' $((0x${key:i:2} ^ 0x5c)))
    done
    { printf '%b' "$outer"; { printf '%b' "$inner"; cat; } | sha256; } | sha256
}

identity=$1
[[ $identity =~ ^[A-Za-z0-9._~@+=-]+$ ]] || { echo "this identity would need escaping" >&2; exit 1; }
now=$(date +%s)
header='{"alg":"HS256","typ":"JWT","cty":"twilio-fpa;v=1"}'
claims=$(cat <<END
{"jti":"$CALLGATE_KEY-$now","iss":"$CALLGATE_KEY","sub":"$CALLGATE_ACCOUNT","iat":$now,"exp":$((now + 3600)),
 "grants":{"identity":"$identity","voice":{"incoming":{"allow":true},
 "outgoing":{"application_sid":"$CALLGATE_APPLICATION","params":{"campaign":"spring"}}}}}
END
)
signed=$(printf %s "$header" | base64url).$(printf %s "$claims" | base64url)
printf '%s.%s\n' "$signed" "$(printf %s "$signed" | hmac "$CALLGATE_SECRET" | base64url)"
