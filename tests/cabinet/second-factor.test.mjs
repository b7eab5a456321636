// Authenticator codes, recovery codes, passwords and sessions of one person.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { sqlRows, sqlRun } from '../api/lib/store.mjs';
import { suite } from '../api/lib/harness.mjs';
import { accept, COOKIE, expectCode, invite, PASSWORD, setUpTotp, signIn, signInAgain, totp, Visitor } from './lib/cabinet.mjs';

suite('the second factor', { endpoint: false, purposes: ['payments'] }, (w) => {
  const password = (visitor) => ({ email: visitor.person.email, password: visitor.person.password });
  const stage = async (visitor) => (await visitor.good('GET', '/session')).stage;

  it('the codes of the standard are those that are taken', () => {
    // RFC 6238, appendix B, the last six of its eight digits.
    const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
    assert.equal(totp(secret, 0, 59000), '287082');
    assert.equal(totp(secret, 0, 1111111109000), '081804');
    assert.equal(totp(secret, 0, 20000000000000), '353130');
  });

  it('without one an operator may only set one up', async () => {
    const admin = await accept(w, await invite(w, 'operator_admin'));
    assert.equal(await stage(admin), 'setup');
    assert.deepEqual((await admin.good('GET', '/session')).actions, []);
    for (const path of ['/people', '/sessions', '/profile']) {
      expectCode(await admin.get(path), 403, 'setup_needed');
    }
    expectCode(await admin.post('/totp/confirm', { code: '123456' }), 409, 'state');
    const start = await admin.good('POST', '/totp/start');
    assert.match(start.secret, /^[A-Z2-7]{32}$/);
    assert.ok(start.url.startsWith('otpauth://totp/Kassa:') && start.url.includes(start.secret));
    assert.match(start.qr_path, /^M\d+ \d+h/);
    expectCode(await admin.post('/totp/confirm', { code: '12345' }), 400, 'code_wrong');
    assert.equal(await stage(admin), 'setup');
    const before = admin.cookies[COOKIE];
    const session = await admin.good('POST', '/totp/confirm', { code: totp(start.secret) });
    assert.equal(session.stage, 'full');
    assert.equal(session.recovery_codes.length, 10);
    assert.notEqual(admin.cookies[COOKIE], before, 'the token is another one with the new rights');
    await admin.good('GET', '/people');
    const old = new Visitor(w);
    old.cookies[COOKIE] = before;
    assert.equal(await stage(old), 'signed_out');
  });

  it('the password alone opens nothing, and tells nothing of the person', async () => {
    const admin = await signIn(w, 'operator_admin');
    const visitor = new Visitor(w);
    const session = await visitor.good('POST', '/sign-in', password(admin));
    assert.equal(session.stage, 'code');
    assert.equal(session.person, undefined);
    for (const path of ['/people', '/profile', '/sessions']) {
      expectCode(await visitor.get(path), 403, 'code_needed');
    }
    expectCode(await visitor.post('/totp/start', {}), 403, 'code_needed');
    expectCode(await admin.post('/sign-in/code', { code: '123456' }), 403, 'forbidden');
    assert.equal((await visitor.good('POST', '/sign-in/recovery', { code: admin.person.recovery[0] })).stage, 'full');
  });

  it('T63 a code that was taken is not taken again, nor is one before it', async () => {
    const owner = await signIn(w, 'merchant_owner');
    await setUpTotp(owner);
    const { secret } = owner.person;
    const visitor = new Visitor(w);
    await visitor.good('POST', '/sign-in', password(owner));
    // The code of the set-up's step has counted then.
    expectCode(await visitor.post('/sign-in/code', { code: totp(secret) }), 400, 'code_wrong');
    const next = totp(secret, 1);
    const tries = [visitor, new Visitor(w)];
    await tries[1].good('POST', '/sign-in', password(owner));
    const answers = await Promise.all(tries.map((t) => t.post('/sign-in/code', { code: ` ${next.slice(0, 3)} ${next.slice(3)} ` })));
    assert.deepEqual(answers.map((a) => a.status).sort(), [200, 400], 'one of two at once');
    const again = new Visitor(w);
    await again.good('POST', '/sign-in', password(owner));
    expectCode(await again.post('/sign-in/code', { code: next }), 400, 'code_wrong');
  });

  it('T63 after five wrong codes none is looked at for a quarter of an hour', async () => {
    const owner = await signIn(w, 'merchant_owner');
    await setUpTotp(owner);
    const visitor = new Visitor(w);
    await visitor.good('POST', '/sign-in', password(owner));
    for (let i = 0; i < 5; i++) {
      expectCode(await visitor.post(i % 2 ? '/sign-in/code' : '/sign-in/recovery', { code: `00000${i}` }), 400, 'code_wrong');
    }
    expectCode(await visitor.post('/sign-in/recovery', { code: owner.person.recovery[0] }), 429, 'too_many');
    await sqlRun(w.cli.store, 'UPDATE sign_in_try SET slot = slot - 1');
    await visitor.good('POST', '/sign-in/recovery', { code: owner.person.recovery[0] });
  });

  it('a recovery code counts once, whatever its dashes and capitals; new ones replace the old', async () => {
    const owner = await signIn(w, 'merchant_owner');
    await setUpTotp(owner);
    const [first, second] = owner.person.recovery;
    const visitor = new Visitor(w);
    await visitor.good('POST', '/sign-in', password(owner));
    await visitor.good('POST', '/sign-in/recovery', { code: first.replaceAll('-', ' ').toUpperCase() });
    assert.equal((await visitor.good('GET', '/profile')).recovery_codes_left, 9);
    await visitor.good('POST', '/sign-in', password(owner));
    expectCode(await visitor.post('/sign-in/recovery', { code: first }), 400, 'code_wrong');
    expectCode(await owner.post('/recovery-codes', { password: 'not the password' }), 400, 'password_wrong');
    const { recovery_codes: fresh } = await owner.good('POST', '/recovery-codes', { password: PASSWORD });
    await visitor.good('POST', '/sign-in', password(owner));
    expectCode(await visitor.post('/sign-in/recovery', { code: second }), 400, 'code_wrong');
    await visitor.good('POST', '/sign-in/recovery', { code: fresh[3] });
    const rows = JSON.stringify(await sqlRows(w.cli.store, 'SELECT * FROM person_recovery')) + JSON.stringify(
      await sqlRows(w.cli.store, 'SELECT before_json, after_json FROM audit_log'));
    assert.ok(!rows.includes(fresh[0]) && !rows.includes(fresh[0].replaceAll('-', '')));
  });

  it('who need not have one may take it away; who must may not', async () => {
    const owner = await signIn(w, 'merchant_owner');
    expectCode(await owner.post('/totp/start', {}), 400, 'field_invalid', { password: 'required' });
    expectCode(await owner.post('/totp/start', { password: 'not the password' }), 400, 'password_wrong');
    await setUpTotp(owner);
    expectCode(await owner.post('/totp/remove', { password: 'not the password' }), 400, 'password_wrong');
    assert.equal((await owner.good('POST', '/totp/remove', { password: PASSWORD })).person.totp, false);
    assert.equal(await stage(await signInAgain(w, owner.person)), 'full');
    const admin = await signIn(w, 'operator_admin');
    expectCode(await admin.post('/totp/remove', { password: PASSWORD }), 409, 'state');
  });

  it('another password: the old one is asked for, other sessions end, and this one gets another token', async () => {
    const owner = await signIn(w, 'merchant_owner');
    const other = await signInAgain(w, owner.person);
    const before = owner.cookies[COOKIE];
    const fresh = 'seven dry camels';
    expectCode(await owner.post('/password', { password: 'not the password', new_password: fresh }), 400, 'password_wrong');
    expectCode(await owner.post('/password', { password: PASSWORD, new_password: 'short' }), 400, 'field_invalid', { new_password: 'too_short' });
    assert.equal(await stage(other), 'full');
    await owner.good('POST', '/password', { password: PASSWORD, new_password: fresh });
    assert.notEqual(owner.cookies[COOKIE], before);
    assert.equal(await stage(owner), 'full');
    assert.equal(await stage(other), 'signed_out');
    expectCode(await new Visitor(w).post('/sign-in', { email: owner.person.email, password: PASSWORD }), 401, 'sign_in_wrong');
    await new Visitor(w).good('POST', '/sign-in', { email: owner.person.email, password: fresh });
  });

  it('sessions are listed and ended, only one\'s own', async () => {
    const owner = await signIn(w, 'merchant_owner');
    const others = [await signInAgain(w, owner.person), await signInAgain(w, owner.person)];
    const stranger = await signIn(w, 'merchant_owner');
    const { items } = await owner.good('GET', '/sessions');
    assert.equal(items.length, 3);
    assert.deepEqual(items.map((s) => s.current), [false, false, true]);
    assert.equal(items[0].client_ip, '127.0.0.1');
    expectCode(await stranger.post(`/sessions/${items[0].id}/end`), 404, 'not_found');
    await owner.good('POST', `/sessions/${items[0].id}/end`);
    assert.deepEqual([await stage(others[0]), await stage(others[1])], ['full', 'signed_out']);
    await owner.good('POST', '/sessions/end-others');
    assert.equal(await stage(others[0]), 'signed_out');
    assert.equal(await stage(owner), 'full');
  });

  it('name and language are one\'s own to change', async () => {
    const viewer = await signIn(w, 'merchant_viewer');
    await viewer.good('POST', '/profile', { name: '  রহিম  ', language: 'bn' });
    const profile = await viewer.good('GET', '/profile');
    assert.deepEqual([profile.name, profile.language, profile.role], ['রহিম', 'bn', 'merchant_viewer']);
    expectCode(await viewer.post('/profile', { name: 'x'.repeat(101), language: 'fr' }), 400, 'field_invalid',
      { name: 'too_long', language: 'invalid' });
    expectCode(await viewer.post('/profile', { name: 'a\u0007b' }), 400, 'field_invalid', { name: 'invalid' });
  });
});
