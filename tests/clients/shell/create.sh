#!/bin/bash
# A shop of openssl and curl. SHOP_DIGEST: sha1 or sha256.
set -euo pipefail
body=$SHOP_FIELDS
sign=$(printf '%s' "$body" | openssl dgst "-${SHOP_DIGEST:-sha1}" -sign "$SHOP_CERT/private.pem" -passin "file:$SHOP_CERT/password.txt" |
    openssl base64 -A)
curl -sS --noproxy '*' ${SHOP_CA:+--cacert "$SHOP_CA"} -w '\n%{http_code}' -H 'Content-Type: application/json' -H "Account: $SHOP_ACCOUNT" \
    -H "Sign: $sign" --data-binary "$body" "$SHOP_URL"
