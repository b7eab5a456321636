"""A shop in Python: json.dumps with its blanks, the cryptography package, urllib. SHOP_DIGEST: sha1 or sha256; SHOP_ASCII=no: text as it is."""

import base64
import json
import os
import pathlib
import ssl
import urllib.error
import urllib.request

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

cert = pathlib.Path(os.environ["SHOP_CERT"])
fields = json.loads(os.environ["SHOP_FIELDS"], parse_float=float)
body = json.dumps(fields, ensure_ascii=os.environ.get("SHOP_ASCII") != "no").encode()
key = serialization.load_pem_private_key((cert / "private.pem").read_bytes(), (cert / "password.txt").read_bytes())
digest = hashes.SHA256() if os.environ.get("SHOP_DIGEST") == "sha256" else hashes.SHA1()
sign = base64.b64encode(key.sign(body, padding.PKCS1v15(), digest)).decode()
request = urllib.request.Request(
    os.environ["SHOP_URL"], data=body, method="POST",
    headers={"Content-Type": "application/json", "Account": os.environ["SHOP_ACCOUNT"], "Sign": sign})
authority = os.environ.get("SHOP_CA")
context = ssl.create_default_context(cafile=authority) if authority else None
opener = urllib.request.build_opener(
    urllib.request.ProxyHandler({}), *([urllib.request.HTTPSHandler(context=context)] if context else []))
try:
    with opener.open(request) as answer:
        status, text = answer.status, answer.read().decode()
except urllib.error.HTTPError as error:
    status, text = error.code, error.read().decode()
print(json.dumps({"status": status, "body": text, "sent": body.decode()}))
