#!/bin/bash
# The same with openssl: a line of JSON for each fault. SHOP_CERT, SHOP_FIELDS.
set -euo pipefail
key=(-passin "file:$SHOP_CERT/payments/password.txt")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
printf %s "$SHOP_FIELDS" > body

tell() { # NAME SIGN-FILE BODY-FILE
    printf '{"name":"%s","sign":"%s","body":"%s"}\n' "$1" "$(sed -z 's/\n/\\n/g' "$2")" "$(openssl base64 -A -in "$3")"
}

openssl dgst -sha256 -sign "$SHOP_CERT/payments/private.pem" "${key[@]}" body | openssl base64 -A > good
tell good good body
# openssl base64 without -A: lines of 64
openssl dgst -sha256 -sign "$SHOP_CERT/payments/private.pem" "${key[@]}" body | openssl base64 > lines
tell sign_wrapped lines body
# echo ends the line, curl sends none of it
echo "$SHOP_FIELDS" > with-newline
openssl dgst -sha256 -sign "$SHOP_CERT/payments/private.pem" "${key[@]}" with-newline | openssl base64 -A > newline
tell newline_signed newline body
# curl --data-binary @file sends the file's last line end
tell newline_came good with-newline
# dgst without -binary piped into the signature
openssl dgst -sha256 -hex -sign "$SHOP_CERT/payments/private.pem" "${key[@]}" body | sed 's/.*= //' | tr -d '\n' > hex
tell sign_hex hex body
openssl dgst -sha256 -r body | cut -d' ' -f1 | tr -d '\n' > hash
openssl dgst -sha256 -sign "$SHOP_CERT/payments/private.pem" "${key[@]}" hash | openssl base64 -A > of-hash
tell signed_hash_hex of-hash body
openssl dgst -sha256 -binary body | openssl pkeyutl -sign -inkey "$SHOP_CERT/payments/private.pem" "${key[@]}" | openssl base64 -A > bare
tell padding_bare bare body
openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sign "$SHOP_CERT/payments/private.pem" "${key[@]}" body | openssl base64 -A > pss
tell padding_pss pss body
openssl dgst -md5 -sign "$SHOP_CERT/payments/private.pem" "${key[@]}" body | openssl base64 -A > md5
tell digest_md5 md5 body
openssl base64 -A -in good > twice
tell sign_twice twice body
openssl dgst -sha256 -sign "$SHOP_CERT/payments/private.pem" "${key[@]}" /dev/null | openssl base64 -A > nothing
tell signed_empty nothing body
# a pass phrase with the line end of an editor: openssl says so on standard error, and the variable stays empty
{ cat "$SHOP_CERT/payments/password.txt"; echo wrong; } | tr -d '\n' > password
openssl dgst -sha256 -sign "$SHOP_CERT/payments/private.pem" -passin file:password body 2> /dev/null | openssl base64 -A > empty || true
tell sign_empty empty body
