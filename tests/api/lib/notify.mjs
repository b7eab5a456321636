// What a merchant does with a notification, written from the API's documentation and sharing nothing with Kassa's own code.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { Webhook } from 'standardwebhooks';

/** PHP's json_encode of a text, with its default flags. */
export function phpString(text) {
  let out = '';
  for (const unit of JSON.stringify(text).slice(1, -1)) {
    for (let i = 0; i < unit.length; i++) {
      const code = unit.charCodeAt(i);
      if (unit[i] === '/') {
        out += '\\/';
      } else {
        out += code > 0x7e && code !== 0x7f ? `\\u${code.toString(16).padStart(4, '0')}` : unit[i];
      }
    }
  }
  return `"${out}"`;
}

export function phpJson(value) {
  if (value === null || typeof value !== 'object') {
    return typeof value === 'string' ? phpString(value) : JSON.stringify(value);
  }
  return `{${Object.entries(value).map(([k, v]) => `${phpString(k)}:${phpJson(v)}`).join(',')}}`;
}

export const FIELDS = {
  10: ['type', 'id', 'order_id', 'payment_status', 'amount', 'payment_amount', 'is_partial_payment', 'account', 'service',
    'desc'],
  11: ['type', 'id', 'order_id', 'payment_status', 'amount', 'payment_amount', 'commission_amount', 'is_partial_payment',
    'account', 'service', 'desc'],
  12: ['type', 'id', 'order_id', 'payment_status', 'amount', 'payment_amount', 'commission_amount', 'is_partial_payment',
    'account', 'service', 'desc', 'card_brand'],
};

function formFields(text) {
  assert.ok(!text.includes('+'), `blanks are sent as %20: ${text}`);
  return Object.fromEntries(text.split('&').map((pair) => pair.split('=').map(decodeURIComponent)));
}

/** The fields as received, `sign` among them. */
export function received(note, mode) {
  if (mode === 'GET') {
    assert.equal(note.method, 'GET');
    assert.equal(note.body.length, 0);
    return formFields(note.query);
  }
  assert.equal(note.method, 'POST');
  if (mode === 'POST') {
    assert.match(note.headers['content-type'], /^application\/x-www-form-urlencoded/);
    return formFields(note.text);
  }
  assert.match(note.headers['content-type'], /^application\/json/);
  return JSON.parse(note.text);
}

/** The bytes under `sign`, as the merchant puts them together from the fields it received. */
export function signedText(fields, mode, set = 11) {
  const text = {};
  for (const name of FIELDS[set]) {
    text[name] = fields[name] ?? null;
  }
  text.id = Number(text.id);
  return phpJson(text);
}

/** Throws unless the family's signature fits; gives the fields. */
export function verifyNotification(note, { mode, set = 11, publicKey, digest = 'sha1' }) {
  const fields = received(note, mode);
  const names = Object.keys(fields).filter((name) => name !== 'sign' && !note.own?.includes(name));
  const wanted = mode === 'POST_JSON' ? FIELDS[set] : FIELDS[set].filter((name) => name in fields);
  assert.deepEqual(names, wanted, 'the fields and their order');
  const good = crypto.verify(digest, Buffer.from(signedText(fields, mode, set)), publicKey,
    Buffer.from(fields.sign, 'base64'));
  assert.ok(good, `the sign of ${signedText(fields, mode, set)}`);
  return fields;
}

/** Throws unless the Standard Webhooks signature fits. */
export function verifyWebhook(note, mode, secret) {
  const payload = mode === 'GET' ? note.query : note.text;
  const webhook = new Webhook(secret);
  const headers = Object.fromEntries(
    ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => [name, note.headers[name]]));
  return webhook.verify(payload, headers, { jsonParse: mode === 'POST_JSON' });
}

/** The same without the library's five minutes of the real clock: for a clock that was moved. */
export function webhookFits(note, mode, secret) {
  const payload = mode === 'GET' ? note.query : note.text;
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const mac = crypto.createHmac('sha256', key)
    .update(`${note.headers['webhook-id']}.${note.headers['webhook-timestamp']}.${payload}`).digest('base64');
  return note.headers['webhook-signature'].split(' ').includes(`v1,${mac}`);
}
