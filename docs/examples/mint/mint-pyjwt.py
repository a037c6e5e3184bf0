# Python 3, with PyJWT (pip install pyjwt). For ES256 and RS256 (pip install pyjwt[crypto]) give encode() the private key's
# PEM instead of the secret, and that algorithm.
# python3 mint-pyjwt.py alice
import os
import sys
import time

import jwt

account, key, secret, application = (
    os.environ["CALLGATE_" + name] for name in ("ACCOUNT", "KEY", "SECRET", "APPLICATION")
)
now = int(time.time())
claims = {
    "jti": f"{key}-{now}",
    "iss": key,
    "sub": account,
    "iat": now,
    "exp": now + 3600,
    "grants": {
        "identity": sys.argv[1],
        "voice": {
            "incoming": {"allow": True},
            "outgoing": {"application_sid": application, "params": {"campaign": "spring"}},
        },
    },
}
print(jwt.encode(claims, secret, algorithm="HS256", headers={"cty": "twilio-fpa;v=1"}))
