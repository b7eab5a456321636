// Each call of the cabinet by each role, of whose things it is, and what a call must carry: table-driven over cabinet_routes.def.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { before, it } from 'node:test';
import { suite } from '../api/lib/harness.mjs';
import { accept, expectCode, invite, PASSWORD, signIn, Visitor } from './lib/cabinet.mjs';
import { MATRIX, OWN, QUERY, SHORT, UNKNOWN, UNKNOWN_NUMBER } from './lib/matrix.mjs';

const text = fs.readFileSync(new URL('../../src/http/cabinet_routes.def', import.meta.url), 'utf8');
const ROUTES = [...text.matchAll(/^C\((GET|POST), "([^"]+)", (\w+), (\w+), \w+\)/gm)]
  .map(([, method, path, who, scope]) => ({ method, path, who, scope, key: `${method} ${path}` }));
const isRoles = (may) => /^(\w\w)( \w\w)*$/.test(may);
const mayOf = (route) => MATRIX[route.key] ?? '';
// The segments behind the first are the handler's to judge.
const fill = (path, id) => path.replace('{}', id).replaceAll('{}', '1');

it('T65 each call has its row, and each row its call', () => {
  assert.ok(ROUTES.length > 20);
  assert.deepEqual(Object.keys(MATRIX).sort(), ROUTES.map((r) => r.key).sort());
});

suite('the role matrix', {}, (w) => {
  const visitors = {};
  const strangers = {};

  before(async () => {
    const merchant = (await w.addMerchant('Other shop')).id;
    const payment = await w.create();
    await w.pay(payment);
    const shown = await w.show(payment);
    for (const [short, role] of Object.entries(SHORT)) {
      visitors[short] = await signIn(w, role);
      if (short.startsWith('m')) {
        strangers[short] = await signIn(w, role, { merchant });
      }
    }
    const trial = await visitors.md.good('POST', `/endpoints/${w.account.endpoint.id}/trials`, { kind: 'test' });
    w.things = { trial: trial.id, payment: payment.id, notification: shown.notifications[0].id, person: visitors.mv.person.id,
      redirect: (await w.addRedirect(w.account, 'https://shop.example/back')).id };
  });

  it('T65 without a session nothing is told but who is not signed in', async () => {
    const nobody = new Visitor(w);
    for (const route of ROUTES.filter((r) => mayOf(r) !== 'anybody')) {
      const path = fill(route.path, route.scope === 'NONE' || route.scope === 'SESSION' ? '1' : await OWN[route.scope](w));
      expectCode(await nobody.call(route.method, path), 401, 'signed_out');
    }
  });

  it('T63 T65 each role may what its row says, and no POST without the session\'s CSRF token', async () => {
    for (const route of ROUTES) {
      for (const [short, visitor] of Object.entries(visitors)) {
        const what = `${route.key} as ${SHORT[short]}`;
        const may = isRoles(mayOf(route)) ? mayOf(route).split(' ').includes(short) : mayOf(route) !== 'code';
        const id = route.scope === 'NONE' ? '1' : await OWN[route.scope](w, visitor);
        if (!may) {
          expectCode(await visitor.call(route.method, fill(route.path, id)), 403, 'forbidden');
        } else if (route.method === 'POST') {
          // Refused behind the role, and before anything is done.
          for (const headers of [{ 'X-Kassa-Csrf': 'f'.repeat(64) }, { 'X-Kassa-Csrf': undefined }, { 'Sec-Fetch-Site': 'cross-site' },
            { Origin: 'https://evil.example' }]) {
            const answer = await visitor.post(fill(route.path, id), {}, { headers });
            assert.deepEqual([answer.status, answer.json.code], [403, 'csrf_invalid'], what);
          }
        } else {
          const answer = await visitor.get(fill(route.path, id) + (QUERY[route.key] ?? ''));
          assert.equal(answer.status, 200, `${what}: ${answer.text.slice(0, 300)}`);
        }
      }
    }
  });

  it('T65 a session that lacks its second factor may nothing else', async () => {
    const setup = await accept(w, await invite(w, 'operator_admin'));
    const code = new Visitor(w);
    await code.good('POST', '/sign-in', { email: visitors.oa.person.email, password: PASSWORD });
    for (const route of ROUTES.filter((r) => isRoles(mayOf(r)))) {
      expectCode(await setup.call(route.method, fill(route.path, '1')), 403, 'setup_needed');
      expectCode(await code.call(route.method, fill(route.path, '1')), 403, 'code_needed');
    }
    for (const route of ROUTES.filter((r) => mayOf(r) === 'setup')) {
      expectCode(await code.call(route.method, route.path), 403, 'code_needed');
    }
    for (const route of ROUTES.filter((r) => mayOf(r) === 'code')) {
      expectCode(await setup.call(route.method, route.path), 403, 'forbidden');
    }
  });

  it('T64 another merchant\'s things are not there, as if they never were', async () => {
    for (const route of ROUTES.filter((r) => r.scope !== 'NONE')) {
      for (const [short, stranger] of Object.entries(strangers)) {
        if (!mayOf(route).split(' ').includes(short)) {
          continue;
        }
        const foreign = await OWN[route.scope](w, visitors[short]);
        const ids = UNKNOWN[route.scope] ?? UNKNOWN_NUMBER;
        const answers = [];
        for (const id of [foreign, ...ids]) {
          answers.push(await stranger.call(route.method, fill(route.path, id)));
        }
        for (const answer of answers) {
          assert.equal(answer.status, 404, `${route.key} as ${SHORT[short]}: ${answer.status} ${answer.text.slice(0, 300)}`);
          assert.equal(answer.text, answers[0].text);
        }
      }
    }
    for (const visitor of Object.values(visitors)) {
      assert.equal((await visitor.good('GET', '/session')).stage, 'full', 'nobody was touched');
    }
  });
});
