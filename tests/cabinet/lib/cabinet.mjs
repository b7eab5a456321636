// The cabinet as a browser calls it: a cookie, the session's CSRF token, JSON. And people to sign in as.
//
//   suite('...', { endpoint: false }, (w) => {
//     const owner = await signIn(w, 'merchant_owner');           // of w.account's merchant
//     const other = await signIn(w, 'merchant_owner', { merchant: id });
//     const admin = await signIn(w, 'operator_admin');
//     const answer = await owner.get('/session');                // {status, json, headers}
//     await owner.post('/people', {...});                        // with cookie, CSRF and content type
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { request } from '../../api/lib/http.mjs';

export const ROLES = ['operator_admin', 'operator_support', 'merchant_owner', 'merchant_developer', 'merchant_viewer'];
export const PASSWORD = 'four wet tigers';
export const COOKIE = '__Host-kassa';

export class Visitor {
  constructor(world) {
    this.world = world;
    this.csrf = 'signed-out';
    this.cookies = {};
  }

  /** One call; `headers` add to or, with undefined, take from what a browser would send. */
  async call(method, path, body, { headers = {}, raw } = {}) {
    const all = {
      ...(Object.keys(this.cookies).length ? { Cookie: Object.entries(this.cookies).map(([k, v]) => `${k}=${v}`).join('; ') } : {}),
      ...(method === 'POST' ? { 'Content-Type': 'application/json', 'X-Kassa-Csrf': this.csrf, 'Sec-Fetch-Site': 'same-origin',
        Origin: this.world.payUrl } : {}),
      ...headers,
    };
    const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
    const answer = await request(method, `${this.world.payUrl}/cabinet/api${path}`, { headers: sent,
      body: raw ?? (method === 'POST' ? JSON.stringify(body ?? {}) : undefined) });
    this.keep(answer);
    return answer;
  }

  keep(answer) {
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (/Max-Age=0/.test(line)) {
        delete this.cookies[name];
      } else {
        this.cookies[name] = value;
      }
    }
    if (/^application\/json/.test(answer.headers['content-type'] ?? '') && answer.text.startsWith('{') && typeof answer.json.csrf === 'string') {
      this.csrf = answer.json.csrf;
    }
  }

  get(path, options) {
    return this.call('GET', path, undefined, options);
  }

  post(path, body, options) {
    return this.call('POST', path, body, options);
  }

  /** The same, which must be answered with 200; gives the body. */
  async good(method, path, body) {
    const answer = await this.call(method, path, body);
    assert.equal(answer.status, 200, `${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.json;
  }
}

export function expectCode(answer, status, code, fields) {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.json.code, code, answer.text);
  if (fields) {
    assert.deepEqual(answer.json.fields, fields);
  }
}

let people = 0;

/** Lets a person in by the command line: {email, token, ...what it printed}. */
export async function invite(world, role, { merchant = world.account.merchant, email = `person${++people}@example.com`, language = 'en' } = {}) {
  const whose = role.startsWith('merchant_') ? ['--merchant', merchant] : [];
  const made = await world.cli.json(['person', 'add', email, '--role', role, '--language', language, ...whose]);
  return { ...made, token: made.invitation.split('#')[1] };
}

/** A visitor who is that person, through the invitation. */
export async function accept(world, invited, password = PASSWORD) {
  const visitor = new Visitor(world);
  const session = await visitor.good('POST', '/invitation/accept', { token: invited.token, password });
  visitor.person = { ...session.person, email: invited.email, password };
  return visitor;
}

/** The code that an authenticator app shows: RFC 6238, written anew here. `steps` of 30 seconds from now. */
export function totp(secret, steps = 0, now = Date.now()) {
  const bits = [...secret].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(now / 30000) + steps));
  const mac = crypto.createHmac('sha1', key).update(counter).digest();
  const at = mac.at(-1) & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1000000).padStart(6, '0');
}

/** Sets a second factor up; the secret and the recovery codes are then in visitor.person. */
export async function setUpTotp(visitor) {
  const { secret } = await visitor.good('POST', '/totp/start', { password: visitor.person.password });
  const session = await visitor.good('POST', '/totp/confirm', { code: totp(secret) });
  visitor.person = { ...visitor.person, ...session.person, secret, recovery: session.recovery_codes };
  return session;
}

/** A new person of that role, fully signed in: the operator's people with their second factor. */
export async function signIn(world, role, options) {
  const visitor = await accept(world, await invite(world, role, options));
  if (!role.startsWith('merchant_')) {
    await setUpTotp(visitor);
  }
  return visitor;
}

/** The same person in another browser; a second factor is shown by a recovery code. */
export async function signInAgain(world, person) {
  const visitor = new Visitor(world);
  let session = await visitor.good('POST', '/sign-in', { email: person.email, password: person.password });
  if (session.stage === 'code') {
    session = await visitor.good('POST', '/sign-in/recovery', { code: person.recovery.pop() });
  }
  visitor.person = { ...person, ...session.person };
  return visitor;
}
