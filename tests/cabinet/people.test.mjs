// Who lets whom in, and what becomes of them.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { sqlRows, sqlRun } from '../api/lib/store.mjs';
import { suite } from '../api/lib/harness.mjs';
import { accept, expectCode, signIn, signInAgain, Visitor } from './lib/cabinet.mjs';

const tokenOf = (answer) => answer.invitation.split('#')[1];

suite('people', { endpoint: false, purposes: ['payments'] }, (w) => {
  const stage = async (visitor) => (await visitor.good('GET', '/session')).stage;

  it('T68 an owner lets people in, of the own merchant alone, and each change is in the log', async () => {
    const owner = await signIn(w, 'merchant_owner');
    const made = await owner.good('POST', '/people', { email: 'Dev@Example.com', name: 'Dev', role: 'merchant_developer', language: 'en' });
    assert.equal(made.person.email, 'dev@example.com');
    assert.equal(made.person.state, 'invited');
    assert.equal(made.person.merchant_id, String(w.account.merchant));
    const developer = await accept(w, { token: tokenOf(made), email: made.person.email });
    assert.equal((await developer.good('GET', '/session')).person.role, 'merchant_developer');
    const [row] = await sqlRows(w.cli.store, `SELECT * FROM audit_log WHERE target = 'person:${made.person.id}'`);
    assert.equal(row.action, 'person.add');
    assert.equal(row.actor, owner.person.email);
    assert.equal(row.client_ip, '127.0.0.1');
    assert.equal(String(row.merchant_id), String(w.account.merchant));
    assert.ok(!JSON.stringify(row).includes(tokenOf(made)));
    assert.deepEqual((await w.cli.json(['audit'])).faults, []);
  });

  it('what is wrong with an invitation is told by its field', async () => {
    const owner = await signIn(w, 'merchant_owner');
    expectCode(await owner.post('/people', {}), 400, 'field_invalid', { email: 'required', name: 'required', role: 'required' });
    expectCode(await owner.post('/people', { email: 'x', name: 'X', role: 'operator_admin', language: 'de' }), 400, 'field_invalid',
      { email: 'invalid', language: 'invalid', role: 'invalid' });
    expectCode(await owner.post('/people', { email: owner.person.email, name: 'X', role: 'merchant_viewer' }), 400, 'field_invalid',
      { email: 'taken' });
    const admin = await signIn(w, 'operator_admin');
    expectCode(await admin.post('/people', { email: 'a@b', name: 'X', role: 'merchant_viewer', merchant_id: '999' }), 400, 'field_invalid',
      { merchant_id: 'unknown' });
    expectCode(await admin.post('/people', { email: 'a@b', name: 'X', role: 'merchant_viewer' }), 400, 'field_invalid', { role: 'invalid' });
  });

  it('T64 another merchant\'s people, and the operator\'s, are not there', async () => {
    const owner = await signIn(w, 'merchant_owner');
    const stranger = await signIn(w, 'merchant_owner', { merchant: (await w.addMerchant('Other shop')).id });
    const admin = await signIn(w, 'operator_admin');
    for (const id of [owner.person.id, admin.person.id, '999999', '0', '-1', 'x', '1e3']) {
      const first = await stranger.get(`/people/${id}`);
      expectCode(first, 404, 'not_found');
      assert.equal(first.text, (await stranger.post(`/people/${id}/disable`)).text);
      expectCode(await stranger.post(`/people/${id}`, { name: 'X', role: 'merchant_viewer', version: 1 }), 404, 'not_found');
      expectCode(await stranger.post(`/people/${id}/reset`), 404, 'not_found');
    }
    const { items } = await stranger.good('GET', '/people');
    assert.deepEqual(items.map((p) => p.email), [stranger.person.email]);
    expectCode(await stranger.get(`/people?merchant=${w.account.merchant}`), 400, 'request_invalid');
    assert.equal(await stage(owner), 'full');
  });

  it('lists go on behind their cursor; the operator sees everybody, or whom is asked for', async () => {
    const admin = await signIn(w, 'operator_admin');
    const seen = [];
    for (let next = ''; next !== null;) {
      const page = await admin.good('GET', `/people?limit=2&after=${next}`);
      assert.ok(page.items.length <= 2);
      seen.push(...page.items.map((p) => p.id));
      next = page.next;
    }
    const [{ n }] = await sqlRows(w.cli.store, 'SELECT count(*) AS n FROM person');
    assert.equal(seen.length, n);
    assert.equal(new Set(seen).size, n);
    assert.ok((await admin.good('GET', '/people?merchant=operator')).items.every((p) => p.merchant_id === null));
    assert.ok((await admin.good('GET', `/people?merchant=${w.account.merchant}`)).items.every((p) => p.merchant_id === String(w.account.merchant)));
    expectCode(await admin.get('/people?after=x'), 400, 'request_invalid');
  });

  it('another role signs the person out, and a form of an older state is refused', async () => {
    const owner = await signIn(w, 'merchant_owner');
    const viewer = await signIn(w, 'merchant_viewer');
    const { person } = await owner.good('GET', `/people/${viewer.person.id}`);
    const changed = await owner.good('POST', `/people/${person.id}`, { name: 'Rahima', role: 'merchant_viewer', version: person.version });
    assert.equal(changed.person.name, 'Rahima');
    assert.equal(await stage(viewer), 'full', 'a name is no right');
    expectCode(await owner.post(`/people/${person.id}`, { name: 'X', role: 'merchant_developer', version: person.version }), 409, 'stale');
    await owner.good('POST', `/people/${person.id}`, { name: 'Rahima', role: 'merchant_developer', version: changed.person.version });
    assert.equal(await stage(viewer), 'signed_out');
    assert.ok((await (await signInAgain(w, viewer.person)).good('GET', '/session')).actions.includes('cert_change'));
    const [row] = await sqlRows(w.cli.store, `SELECT before_json, after_json FROM audit_log WHERE target = 'person:${person.id}'
      ORDER BY id DESC LIMIT 1`);
    assert.equal(JSON.parse(row.before_json).role, 'merchant_viewer');
    assert.equal(JSON.parse(row.after_json).role, 'merchant_developer');
    expectCode(await owner.post(`/people/${person.id}`, { name: 'X', role: 'operator_admin', version: 3 }), 400, 'field_invalid', { role: 'invalid' });
  });

  it('the last who may change people can\'t go', async () => {
    const merchant = (await w.addMerchant('Lonely shop')).id;
    const owner = await signIn(w, 'merchant_owner', { merchant });
    const { person } = await owner.good('GET', `/people/${owner.person.id}`);
    expectCode(await owner.post(`/people/${person.id}/disable`), 409, 'last_one');
    expectCode(await owner.post(`/people/${person.id}`, { name: 'X', role: 'merchant_viewer', version: person.version }), 409, 'last_one');
    assert.equal(await stage(owner), 'full');
    const second = await signIn(w, 'merchant_owner', { merchant });
    await owner.good('POST', `/people/${person.id}/disable`);
    assert.equal(await stage(owner), 'signed_out');
    expectCode(await second.post(`/people/${person.id}/disable`), 409, 'state');
    await second.good('POST', `/people/${person.id}/enable`);
    await signInAgain(w, owner.person);
  });

  it('a reset takes password, second factor and sessions; the newest link alone works, for 72 hours', async () => {
    const owner = await signIn(w, 'merchant_owner');
    const viewer = await signIn(w, 'merchant_viewer');
    const first = await owner.good('POST', `/people/${viewer.person.id}/reset`);
    assert.equal(await stage(viewer), 'signed_out');
    expectCode(await new Visitor(w).post('/sign-in', { email: viewer.person.email, password: viewer.person.password }), 401, 'sign_in_wrong');
    const second = await owner.good('POST', `/people/${viewer.person.id}/reset`);
    expectCode(await new Visitor(w).post('/invitation/look', { token: tokenOf(first) }), 404, 'not_found');
    await sqlRun(w.cli.store, `UPDATE person_invitation SET expires_at = expires_at - ${72 * 3600 * 1000} WHERE person_id = ${viewer.person.id}`);
    expectCode(await new Visitor(w).post('/invitation/accept', { token: tokenOf(second), password: 'six new walruses' }), 404, 'not_found');
    const third = await owner.good('POST', `/people/${viewer.person.id}/reset`);
    await owner.good('POST', `/people/${viewer.person.id}/disable`);
    expectCode(await new Visitor(w).post('/invitation/look', { token: tokenOf(third) }), 404, 'not_found');
    expectCode(await owner.post(`/people/${viewer.person.id}/reset`), 409, 'state');
  });

  it('of two who take one invitation at once, one does', async () => {
    const owner = await signIn(w, 'merchant_owner');
    const made = await owner.good('POST', '/people', { email: 'race@example.com', name: 'Race', role: 'merchant_viewer' });
    const answers = await Promise.all([0, 1].map((i) => new Visitor(w).post('/invitation/accept', { token: tokenOf(made),
      password: `six new walruses ${i}` })));
    assert.deepEqual(answers.map((a) => a.status).sort(), [200, 404]);
  });

  it('kassa person lists, changes roles, resets and disables', async () => {
    const viewer = await signIn(w, 'merchant_viewer');
    const { email } = viewer.person;
    const listed = (await w.cli.json(['person', 'list'])).people.find((p) => p.email === email);
    assert.equal(listed.state, 'active');
    assert.equal((await w.cli.json(['person', 'role', email, '--role', 'merchant_developer'])).role, 'merchant_developer');
    assert.equal(await stage(viewer), 'signed_out');
    assert.match((await w.cli.json(['person', 'reset', email])).invitation, /#[\w-]{43}$/);
    await w.cli.json(['person', 'disable', email]);
    for (const args of [['role', email, '--role', 'operator_admin'], ['disable', email], ['reset', 'nobody@example.com'],
      ['add', 'x', '--role', 'operator_admin'], ['add', 'y@example.com', '--role', 'merchant_viewer'],
      ['add', email, '--role', 'merchant_viewer', '--merchant', w.account.merchant]]) {
      assert.notEqual((await w.cli.try(['person', ...args, '--config', w.cli.config])).code, 0, args.join(' '));
    }
  });
});
