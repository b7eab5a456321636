// The cabinet as a browser calls it: a cookie, the session's CSRF token, JSON. And people to sign in as.
//
//   suite('...', { endpoint: false }, (w) => {
//     const owner = await signIn(w, 'merchant_owner');           // of w.account's merchant
//     const other = await signIn(w, 'merchant_owner', { merchant: id });
//     const admin = await signIn(w, 'operator_admin');
//     const answer = await owner.get('/session');                // {status, json, headers}
//     await owner.post('/people', {...});                        // with cookie, CSRF and content type
import assert from 'node:assert/strict';
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
    if (/json/.test(answer.headers['content-type'] ?? '') && answer.text.startsWith('{') && typeof answer.json.csrf === 'string') {
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

/** A new person of that role, signed in as far as it goes. */
export async function signIn(world, role, options) {
  return accept(world, await invite(world, role, options));
}

/** What a person of the operator's lacks for a full session comes with it. */
export async function signInAgain(world, person) {
  const visitor = new Visitor(world);
  const session = await visitor.good('POST', '/sign-in', { email: person.email, password: person.password });
  visitor.person = { ...person, ...session.person };
  return visitor;
}
