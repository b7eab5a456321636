// A merchant's account: its certificates, signed calls, and the payments made with it.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { request } from './http.mjs';
import { Payer } from './payer.mjs';

let orders = 0;
export const newOrder = (prefix = 'order') => `${prefix}-${process.pid}-${Date.now().toString(36)}-${++orders}`;

/** What an unpacked certificate's folder holds. */
export function readCert(dir) {
  const text = (name) => {
    const file = path.join(dir, name);
    return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined;
  };
  const cert = { dir, public: text('public.pem'), private: text('private.pem'), password: text('password.txt') };
  if (!cert.public) {
    throw new Error(`${dir} has no public.pem, but ${fs.readdirSync(dir)}`);
  }
  if (cert.private) {
    cert.key = crypto.createPrivateKey({ key: cert.private, passphrase: cert.password });
  }
  cert.publicKey = crypto.createPublicKey(cert.public);
  return cert;
}

export class Account {
  constructor(world, uuid) {
    this.world = world;
    this.uuid = uuid;
    this.certs = {};
    this.digest = 'sha1';
  }

  sign(body, { key = this.certs.payments.key, digest = this.digest } = {}) {
    return crypto.sign(digest, Buffer.from(body), key).toString('base64');
  }

  /** The headers of a signed call with that body. */
  headers(body, { account = this.uuid, sign, key, digest, type = 'application/json', headers = {} } = {}) {
    return {
      'Content-Type': type,
      Account: account,
      Sign: sign ?? this.sign(body, { key, digest }),
      ...headers,
    };
  }

  /** A signed call. `body` is a text, bytes, or anything that is then written as JSON. */
  call(apiPath, body, options = {}) {
    const bytes = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    return request('POST', `${this.world.apiUrl}${apiPath}`, {
      headers: this.headers(bytes, options),
      body: bytes,
      agent: options.agent,
    });
  }

  /** The fields of a create that is good. */
  fields(more = {}) {
    return {
      amount: '300.00',
      order_id: newOrder(),
      service: 'payment_card_bdt_hpp',
      customer_ip: '203.0.113.7',
      customer_code: 'bkash',
      ...more,
    };
  }

  /** A create with these fields; gives the HTTP answer. */
  tryCreate(more = {}, options) {
    return this.call('/v1/payment', this.fields(more), options);
  }

  /** The same, which must be accepted; gives the payment, with its order_id and its page as `payer`. */
  async create(more = {}, options) {
    const fields = this.fields(more);
    const answer = await this.call('/v1/payment', fields, options);
    assert.equal(answer.status, 200, answer.text);
    return { ...answer.json, order_id: String(fields.order_id), payer: new Payer(answer.json.url) };
  }

  async status(payment) {
    const answer = await this.call('/v1/payment/status', { id: payment.id ?? payment });
    assert.equal(answer.status, 200, answer.text);
    return answer.json;
  }

  async history(body = {}, query = '') {
    const answer = await this.call(`/v1/payment/history${query}`, body);
    assert.equal(answer.status, 200, answer.text);
    return answer.json;
  }
}
