# Python 3, standard library only.
# python3 mint.py alice
import base64
import hashlib
import hmac
import json
import os
import sys
import time


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def access_token(account, key, secret, application, identity, ttl=3600):
    now = int(time.time())
    header = {"alg": "HS256", "typ": "JWT", "cty": "twilio-fpa;v=1"}
    claims = {
        "jti": f"{key}-{now}",
        "iss": key,
        "sub": account,
        "iat": now,
        "exp": now + ttl,
        "grants": {
            "identity": identity,
            "voice": {
                "incoming": {"allow": True},
                "outgoing": {"application_sid": application, "params": {"campaign": "spring"}},
            },
        },
    }
    signed = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
    signature = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64url(signature)}"


environment = (os.environ["CALLGATE_" + name] for name in ("ACCOUNT", "KEY", "SECRET", "APPLICATION"))
print(access_token(*environment, sys.argv[1]))
