// A shop in Node: JSON.stringify, crypto.sign, fetch. SHOP_DIGEST: sha1 or sha256.
import crypto from 'node:crypto';
import fs from 'node:fs';

const { SHOP_URL, SHOP_ACCOUNT, SHOP_CERT, SHOP_FIELDS, SHOP_DIGEST = 'sha1' } = process.env;
const body = JSON.stringify(JSON.parse(SHOP_FIELDS));
const signer = crypto.createSign(`RSA-${SHOP_DIGEST.toUpperCase()}`);
signer.update(body);
const sign = signer.sign({
  key: fs.readFileSync(`${SHOP_CERT}/private.pem`),
  passphrase: fs.readFileSync(`${SHOP_CERT}/password.txt`, 'utf8'),
}, 'base64');
const answer = await fetch(SHOP_URL, {
  method: 'POST',
  headers: { 'content-type': 'application/json', account: SHOP_ACCOUNT, sign },
  body,
});
console.log(JSON.stringify({ status: answer.status, body: await answer.text(), sent: body }));
