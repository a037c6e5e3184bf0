// Go, standard library only.
// go run mint.go alice
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"time"
)

type object map[string]any

func part(value object) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func accessToken(account, key, secret, application, identity string) string {
	now := time.Now().Unix()
	header := object{"alg": "HS256", "typ": "JWT", "cty": "twilio-fpa;v=1"}
	claims := object{
		"jti": fmt.Sprintf("%s-%d", key, now),
		"iss": key,
		"sub": account,
		"iat": now,
		"exp": now + 3600,
		"grants": object{
			"identity": identity,
			"voice": object{
				"incoming": object{"allow": true},
				"outgoing": object{"application_sid": application, "params": object{"campaign": "spring"}},
			},
		},
	}
	signed := part(header) + "." + part(claims)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func main() {
	fmt.Println(accessToken(os.Getenv("CALLGATE_ACCOUNT"), os.Getenv("CALLGATE_KEY"), os.Getenv("CALLGATE_SECRET"),
		os.Getenv("CALLGATE_APPLICATION"), os.Args[1]))
}
