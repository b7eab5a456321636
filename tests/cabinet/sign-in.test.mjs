// Signing in and out, invitations, cookies, and what a call must carry.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { sqlRows, sqlRun } from '../api/lib/store.mjs';
import { suite } from '../api/lib/harness.mjs';
import { accept, COOKIE, expectCode, invite, PASSWORD, signIn, signInAgain, Visitor } from './lib/cabinet.mjs';

suite('signing in', { endpoint: false, purposes: ['payments'] }, (w) => {
  it('nobody is signed in at first', async () => {
    const session = await new Visitor(w).good('GET', '/session');
    assert.equal(session.stage, 'signed_out');
    assert.equal(session.person, undefined);
    assert.equal(session.sandbox, true);
  });

  it('an invitation lets in once, and its password signs in afterwards', async () => {
    const invited = await invite(w, 'merchant_owner');
    assert.match(invited.invitation, new RegExp(`^${w.payUrl}/cabinet/invitation#`));
    const looker = new Visitor(w);
    const look = await looker.good('POST', '/invitation/look', { token: invited.token });
    assert.equal(look.email, invited.email);
    assert.equal(look.role, 'merchant_owner');
    assert.ok(look.merchant_name.startsWith('Shop '));
    const owner = await accept(w, invited);
    const session = await owner.good('GET', '/session');
    assert.equal(session.stage, 'full');
    assert.equal(session.person.role, 'merchant_owner');
    assert.equal(session.merchant.id, String(w.account.merchant));
    assert.ok(session.actions.includes('people_change') && !session.actions.includes('op_see'));
    expectCode(await looker.post('/invitation/look', { token: invited.token }), 404, 'not_found');
    expectCode(await looker.post('/invitation/accept', { token: invited.token, password: PASSWORD }), 404, 'not_found');
    const again = await signInAgain(w, owner.person);
    assert.equal((await again.good('GET', '/session')).stage, 'full');
  });

  it('an address is the same in capitals, and with blanks around it', async () => {
    const { person } = await signIn(w, 'merchant_viewer');
    const session = await new Visitor(w).good('POST', '/sign-in', { email: ` ${person.email.toUpperCase()} `, password: PASSWORD });
    assert.equal(session.person.email, person.email);
  });

  it('a wrong password and an unknown address are answered alike', async () => {
    const { person } = await signIn(w, 'merchant_viewer');
    const wrong = await new Visitor(w).post('/sign-in', { email: person.email, password: 'three dry lions' });
    const unknown = await new Visitor(w).post('/sign-in', { email: 'nobody@example.com', password: 'three dry lions' });
    expectCode(wrong, 401, 'sign_in_wrong');
    assert.equal(wrong.text, unknown.text);
    assert.equal(wrong.headers['set-cookie'], undefined);
    const invited = await invite(w, 'merchant_viewer');
    assert.equal((await new Visitor(w).post('/sign-in', { email: invited.email, password: 'three dry lions' })).text, wrong.text);
  });

  it('what is missing or unfit is told by its field', async () => {
    const visitor = new Visitor(w);
    expectCode(await visitor.post('/sign-in', {}), 400, 'field_invalid', { email: 'required', password: 'required' });
    expectCode(await visitor.post('/sign-in', { email: 'a b@c', password: 'x' }), 400, 'field_invalid', { email: 'invalid' });
    expectCode(await visitor.post('/sign-in', { email: 7, password: ['x'] }), 400, 'field_invalid', { email: 'invalid', password: 'invalid' });
    const invited = await invite(w, 'merchant_viewer');
    for (const [password, fault] of [['short', 'too_short'], ['x'.repeat(201), 'too_long'], ['Password123', 'too_common'],
      ['aaaaaaaaaaaa', 'too_common'], [invited.email, 'too_common']]) {
      expectCode(await visitor.post('/invitation/accept', { token: invited.token, password }), 400, 'field_invalid', { password: fault });
    }
    await accept(w, invited);
  });

  it('T63 the cookie is Secure, HttpOnly, SameSite=Strict, of this host alone; only its digest is stored', async () => {
    const invited = await invite(w, 'merchant_viewer');
    const answer = await new Visitor(w).post('/invitation/accept', { token: invited.token, password: PASSWORD });
    const [cookie, ...more] = answer.headers['set-cookie'];
    assert.deepEqual(more, []);
    const attributes = cookie.split('; ').slice(1).sort();
    assert.ok(cookie.startsWith(`${COOKIE}=`), cookie);
    assert.deepEqual(attributes, ['HttpOnly', 'Max-Age=604800', 'Path=/', 'SameSite=Strict', 'Secure']);
    const token = /=([^;]+)/.exec(cookie)[1];
    assert.equal(token.length, 43);
    const rows = await sqlRows(w.cli.store, "SELECT * FROM person_session");
    assert.ok(rows.length > 0 && !JSON.stringify(rows).includes(token));
    assert.equal(answer.headers['cache-control'], 'no-store');
  });

  it('T63 a session that the browser brought along is never taken over', async () => {
    const { person } = await signIn(w, 'merchant_viewer');
    const visitor = new Visitor(w);
    const planted = 'A'.repeat(43);
    visitor.cookies[COOKIE] = planted;
    await visitor.good('POST', '/sign-in', { email: person.email, password: PASSWORD });
    assert.notEqual(visitor.cookies[COOKIE], planted);
    const first = visitor.cookies[COOKIE];
    await visitor.good('POST', '/sign-in', { email: person.email, password: PASSWORD });
    assert.notEqual(visitor.cookies[COOKIE], first);
    const old = new Visitor(w);
    old.cookies[COOKIE] = first;
    assert.equal((await old.good('GET', '/session')).stage, 'signed_out');
  });

  it('T63 signing out ends the session, whoever still has its cookie', async () => {
    const owner = await signIn(w, 'merchant_owner');
    const thief = new Visitor(w);
    Object.assign(thief.cookies, owner.cookies);
    assert.equal((await thief.good('GET', '/session')).stage, 'full');
    assert.equal((await owner.good('POST', '/sign-out')).stage, 'signed_out');
    assert.deepEqual(owner.cookies, {});
    assert.equal((await thief.good('GET', '/session')).stage, 'signed_out');
    expectCode(await owner.post('/sign-out'), 401, 'signed_out');
  });

  it('T63 a session ends by itself: after 12 hours without use, after 7 days in any case', async () => {
    const idle = await signIn(w, 'merchant_viewer');
    const rows = async () => sqlRows(w.cli.store, 'SELECT max(id) AS id FROM person_session');
    const [{ id }] = await rows();
    await sqlRun(w.cli.store, `UPDATE person_session SET seen_at = seen_at - ${12 * 3600 * 1000} WHERE id = ${id}`);
    assert.equal((await idle.good('GET', '/session')).stage, 'signed_out');
    const old = await signIn(w, 'merchant_viewer');
    const [{ id: other }] = await rows();
    await sqlRun(w.cli.store, `UPDATE person_session SET created_at = created_at - ${7 * 86400 * 1000} WHERE id = ${other}`);
    assert.equal((await old.good('GET', '/session')).stage, 'signed_out');
  });

  it('T63 the eleventh wrong password for an address in a quarter of an hour is not looked at, nor is the right one', async () => {
    const { person } = await signIn(w, 'merchant_viewer');
    const visitor = new Visitor(w);
    for (let i = 0; i < 10; i++) {
      expectCode(await visitor.post('/sign-in', { email: person.email, password: `wrong ${i}` }), 401, 'sign_in_wrong');
    }
    const refused = await visitor.post('/sign-in', { email: person.email, password: PASSWORD });
    expectCode(refused, 429, 'too_many');
    assert.ok(Number(refused.headers['retry-after']) > 0);
    await sqlRun(w.cli.store, 'UPDATE sign_in_try SET slot = slot - 1');
    await visitor.good('POST', '/sign-in', { email: person.email, password: PASSWORD });
    await sqlRun(w.cli.store, 'DELETE FROM sign_in_try');
  });

  it('T63 a POST that another site could send is refused and changes nothing', async () => {
    const owner = await signIn(w, 'merchant_owner');
    for (const headers of [{ 'X-Kassa-Csrf': undefined }, { 'X-Kassa-Csrf': 'signed-out' }, { 'X-Kassa-Csrf': '0'.repeat(64) },
      { 'Sec-Fetch-Site': 'cross-site' }, { 'Sec-Fetch-Site': 'same-site' }, { 'Sec-Fetch-Site': 'none' },
      { Origin: 'https://evil.example' }, { Origin: 'null' }]) {
      expectCode(await owner.post('/sign-out', {}, { headers }), 403, 'csrf_invalid');
    }
    expectCode(await owner.post('/sign-out', {}, { headers: { 'Content-Type': 'text/plain' } }), 415, 'content_type_invalid');
    expectCode(await owner.post('/sign-out', {}, { raw: '[]' }), 400, 'body_invalid');
    expectCode(await owner.post('/sign-out', {}, { raw: '{' }), 400, 'body_invalid');
    expectCode(await owner.post('/sign-out', {}, { raw: JSON.stringify({ x: 'y'.repeat(270000) }) }), 400, 'body_invalid');
    assert.equal((await owner.good('GET', '/session')).stage, 'full');
    await owner.good('POST', '/sign-out');
  });

  it('unknown paths and methods are told in the same form', async () => {
    const visitor = new Visitor(w);
    expectCode(await visitor.get('/nothing'), 404, 'not_found');
    expectCode(await visitor.get('/sign-in'), 405, 'method_invalid');
    expectCode(await visitor.call('DELETE', '/session'), 405, 'method_invalid');
    expectCode(await visitor.get('/session/'), 404, 'not_found');
  });

  it('whoever is disabled is out at once', async () => {
    const viewer = await signIn(w, 'merchant_viewer');
    await w.cli.json(['person', 'disable', viewer.person.email]);
    assert.equal((await viewer.good('GET', '/session')).stage, 'signed_out');
    expectCode(await new Visitor(w).post('/sign-in', { email: viewer.person.email, password: PASSWORD }), 401, 'sign_in_wrong');
    await w.cli.json(['person', 'enable', viewer.person.email]);
    await signInAgain(w, viewer.person);
  });

  it('many at once do not keep the payment API waiting', async () => {
    const answers = Array.from({ length: 12 }, (_, i) => new Visitor(w).post('/sign-in', { email: `many${i}@example.com`,
      password: 'three dry lions' }));
    assert.ok((await w.create()).id);
    assert.ok((await Promise.all(answers)).every((a) => a.status === 401));
    await sqlRun(w.cli.store, 'DELETE FROM sign_in_try');
  });
});
