// The same in Node: a line of JSON for each fault.
import { createHash, createPrivateKey, privateEncrypt, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';

const dir = process.env.SHOP_CERT;
const fields = JSON.parse(process.env.SHOP_FIELDS);
const key = createPrivateKey({ key: readFileSync(`${dir}/payments/private.pem`), passphrase: readFileSync(`${dir}/payments/password.txt`) });
const tell = (name, signature, body) => console.log(JSON.stringify({ name, sign: signature, body: Buffer.from(body).toString('base64') }));
const of = (text, digest = 'sha256') => sign(digest, Buffer.from(text), key).toString('base64');

const body = JSON.stringify(fields);
tell('good', of(body, 'sha1'), body);
tell('body_spaces', of(JSON.stringify(fields, null, 2)), body);
// Express reads the body and a library writes it again
tell('body_order', of(JSON.stringify(Object.fromEntries(Object.entries(fields).sort()))), body);
tell('body_slashes', of(body.replaceAll('/', '\\/')), body);
tell('sign_base64url', sign('sha256', Buffer.from(body), key).toString('base64url'), body);
tell('sign_hex', sign('sha256', Buffer.from(body), key).toString('hex'), body);
tell('sign_placeholder', `${undefined}`, body);
tell('sign_placeholder object', `${{}}`, body);
tell('sign_quoted', JSON.stringify(of(body)), body);
tell('sign_unreadable', sign('sha256', Buffer.from(body), key).toString('latin1').replace(/[^!-~]/g, '?'), body);
tell('signed_nothing', of(`${undefined}`), body);
tell('signed_nothing object', of(`${fields}`), body);
tell('signed_hash_hex', of(createHash('sha256').update(body).digest('hex')), body);
tell('signed_hash_hex sha1', of(createHash('sha1').update(body).digest('hex')), body);
tell('padding_bare', privateEncrypt(key, createHash('sha256').update(body).digest()).toString('base64'), body);
tell('signed_form', of(new URLSearchParams(fields).toString()), body);
tell('digest_sha512', of(body, 'sha384'), body);
tell('signed_json_text', of(JSON.stringify(body)), body);
