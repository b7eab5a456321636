"""The same in Python: a line of JSON for each fault."""

import base64
import json
import os
import pathlib

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

cert = pathlib.Path(os.environ["SHOP_CERT"])
fields = json.loads(os.environ["SHOP_FIELDS"])


def key_of(purpose):
    folder = cert / purpose
    return serialization.load_pem_private_key((folder / "private.pem").read_bytes(), (folder / "password.txt").read_bytes())


def sign(text, key, digest=hashes.SHA256(), pad=padding.PKCS1v15()):
    return base64.b64encode(key.sign(text.encode() if isinstance(text, str) else text, pad, digest)).decode()


def tell(name, signature, body):
    body = body.encode() if isinstance(body, str) else body
    print(json.dumps({"name": name, "sign": signature, "body": base64.b64encode(body).decode()}))


key = key_of("payments")
body = json.dumps(fields)
compact = json.dumps(fields, separators=(",", ":"))
tell("good", sign(body, key), body)
# requests.post(json=...) writes the JSON itself, after it was signed
tell("body_spaces", sign(compact, key), body)
tell("body_unicode", sign(body, key), json.dumps(fields, ensure_ascii=False))
tell("body_order", sign(json.dumps(fields, sort_keys=True), key), body)
tell("body_reencoded spaces, order", sign(json.dumps(fields, sort_keys=True, indent=4), key), body)
tell("sign_python_bytes", str(base64.b64encode(key.sign(body.encode(), padding.PKCS1v15(), hashes.SHA256()))), body)
tell("sign_wrapped", base64.encodebytes(key.sign(body.encode(), padding.PKCS1v15(), hashes.SHA256())).decode(), body)
tell("padding_pss", sign(body, key, pad=padding.PSS(padding.MGF1(hashes.SHA256()), 32)), body)
tell("padding_pss longest salt", sign(body, key, pad=padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.MAX_LENGTH)), body)
tell("signed_charset", sign(body.encode("utf-16-le"), key), body)
tell("signed_charset latin", sign(json.dumps(fields, ensure_ascii=False).encode("latin-1", "replace"), key), json.dumps(fields, ensure_ascii=False))
tell("body_bom", sign(body.encode("utf-8-sig"), key), body)
tell("key_unknown", sign(body, rsa.generate_private_key(65537, 2048)), body)
tell("sign_length", sign(body, rsa.generate_private_key(65537, 3072)), body)
tell("sign_not_rsa", base64.b64encode(ec.generate_private_key(ec.SECP256R1()).sign(body.encode(), ec.ECDSA(hashes.SHA256()))).decode(), body)
tell("sign_placeholder", str(None), body)
tell("body_differs", sign(json.dumps({**fields, "amount": "301.00"}), key), body)
