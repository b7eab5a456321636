// Who one is in the cabinet, in a real browser and with the real server: from the invitation to the way out.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, it } from 'node:test';
import { suite } from '../api/lib/harness.mjs';
import { invite } from '../cabinet/lib/cabinet.mjs';
import { Cabinet, checkPages, error, PHONE, sessionOf } from './lib/cabinet.mjs';

const ONCE = { timeout: 90000 };
const PASSWORD = 'four wet tigers at noon';
const AT = Date.UTC(2026, 10, 24, 9, 5);
const CODES = Array.from({ length: 10 }, (_, i) => `abcd-ef${i}h-jkmn-pqrs`);
const OWNER = sessionOf('merchant_owner', ['people_see', 'people_change']);
const ADMIN = sessionOf('operator_admin', ['people_see', 'op_people'], { stage: 'setup', actions: [] });
const CHROME = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
const PEOPLE = [
  ['1', 'Nasrin Akter', 'nasrin@handloom.example', 'merchant_owner', 'active', true, AT],
  ['2', 'Tanvir Hasan', 'tanvir@handloom.example', 'merchant_developer', 'active', false, AT - 864e5],
  ['3', 'ফারহানা ইসলাম চৌধুরী', 'a.very.long.address.of.somebody@accounts.dhaka-handloom.example', 'merchant_viewer', 'invited', false, null],
  ['4', 'Rafiq', 'rafiq@handloom.example', 'merchant_viewer', 'disabled', false, AT - 9e8],
].map(([id, name, email, role, state, totp, seen_at]) => ({
  id, name, email, role, state, totp, seen_at, merchant_id: '3', created_at: AT - 9e9, disabled_at: state === 'disabled' ? AT : null, version: 1,
}));
// Answers as the server gives them, for what is looked at.
const API = {
  'GET /profile': { email: 'nasrin@handloom.example', name: 'Nasrin Akter', role: 'merchant_owner', language: 'en', totp: true, totp_required: false,
    recovery_codes_left: 2 },
  'GET /sessions': { next: null, items: [
    { id: '11', current: true, created_at: AT, seen_at: AT, client_ip: '203.0.113.7', user_agent: CHROME },
    { id: '10', current: false, created_at: AT - 9e7, seen_at: AT - 8e6, client_ip: '2001:db8:85a3::8a2e:370:7334', user_agent: 'curl/8' },
  ] },
  'GET /people': { items: PEOPLE, next: null },
  'POST /people': { person: PEOPLE[2], invitation: `https://pay.example/cabinet/invitation#${'Ab0_'.repeat(10)}xyz` },
  'POST /totp/start': { secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP', url: 'otpauth://totp/Kassa:x', qr_size: 3, qr_path: 'M0 0h1v1h-1zM2 0h1v1h-1zM1 1h1v1h-1z' },
  'POST /totp/confirm': { ...OWNER, recovery_codes: CODES },
  'POST /sign-in/code': error(400, 'code_wrong'),
};

// What an authenticator app shows for a secret, `steps` half minutes from now.
function totp(secret, steps = 0) {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret.replace(/\s/g, '')].map((c) => alphabet.indexOf(c).toString(2).padStart(5, '0')).join('');
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000) + steps));
  const mac = createHmac('sha1', Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)))).update(counter).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1000000).padStart(6, '0');
}

suite('who one is in the cabinet', { endpoint: false }, (w) => {
  let cabinet;
  before(async () => { cabinet = await Cabinet.launch(w.payUrl); });
  after(async () => { await cabinet?.end(); });

  it('T63 somebody who is invited chooses a password, is in, goes out and comes in again; the link works once', ONCE, async () => {
    const invited = await invite(w, 'merchant_owner');
    const c = await cabinet.open();
    await c.page.goto(invited.invitation);
    await c.page.getByRole('heading', { name: 'Welcome to Kassa' }).waitFor();
    await c.page.getByText(invited.email).waitFor();
    assert.doesNotMatch(c.page.url(), /#/, 'the secret is not kept in the address');
    await c.fill('password', 'short');
    await c.fill('again', 'short');
    await c.press('submit');
    await c.page.getByText('Too short').waitFor();
    await c.fill('password', PASSWORD);
    await c.fill('again', `${PASSWORD}!`);
    await c.press('submit');
    await c.page.getByText('The two passwords differ').waitFor();
    await c.fill('again', PASSWORD);
    await c.press('submit');
    await c.page.getByTestId('me').waitFor();
    const [cookie] = await c.context.cookies();
    assert.deepEqual([cookie.name, cookie.httpOnly, cookie.secure, cookie.sameSite, cookie.path], ['__Host-kassa', true, true, 'Strict', '/']);

    await c.go('/profile');
    await c.page.getByTestId('sign-out').click();
    await c.page.getByRole('heading', { name: 'Sign in' }).waitFor();
    assert.deepEqual((await c.context.cookies()).filter((kept) => kept.value === cookie.value), []);
    await c.signIn(invited.email, 'another password');
    await c.page.getByText('E-mail or password is wrong').waitFor();
    await c.signIn(invited.email.toUpperCase(), PASSWORD);
    await c.page.getByTestId('me').waitFor();
    await c.page.goto(invited.invitation);
    await c.page.getByText('This was not found').waitFor();
    await c.close();
  });

  // Somebody new, in a window of their own.
  async function newcomer(role, options) {
    const invited = await invite(w, role);
    const c = await cabinet.open(options);
    await join(c, invited.invitation);
    return Object.assign(c, { email: invited.email });
  }

  async function join(c, link) {
    await c.page.goto(link);
    await c.fill('password', PASSWORD);
    await c.fill('again', PASSWORD);
    await c.press('submit');
  }

  // Through the second step's set-up; gives the secret and the recovery codes.
  async function setUp(c) {
    const secret = await c.page.locator('.steps code').textContent();
    await c.page.locator('.qr path').waitFor();
    const code = totp(secret);
    await c.fill('code', code);
    await c.page.getByTestId('confirm').getByTestId('submit').click();
    await c.page.getByTestId('codes').waitFor();
    const codes = await c.page.getByTestId('codes').locator('li').allTextContents();
    await c.page.locator('[name=kept]').check();
    await c.press('done');
    return { secret, code, codes };
  }

  it('T63 an operator sets the second step up before anything else, and then needs it: a code or a recovery code, each once', ONCE, async () => {
    const c = await newcomer('operator_admin');
    await c.page.getByRole('heading', { name: 'Protect your sign-in' }).waitFor();
    const { secret, code, codes } = await setUp(c);
    await c.page.getByTestId('me').waitFor();
    const again = async (open) => {
      await c.go('/profile');
      await c.press('sign-out');
      await c.page.getByRole('heading', { name: 'Sign in' }).waitFor();
      await c.signIn(c.email, PASSWORD);
      await c.page.getByRole('heading', { name: 'Two-step sign-in' }).waitFor();
      await open();
      await c.page.getByTestId('me').waitFor();
    };
    await again(async () => {
      await c.fill('code', code);
      await c.page.getByText('The code is wrong or was already used').waitFor();
      await c.fill('code', totp(secret, 1));
    });
    const recover = async (one) => {
      await c.fill('code', one);
      await c.press('submit');
    };
    await again(async () => {
      await c.press('other-way');
      await recover(codes[3]);
    });
    await again(async () => {
      await c.press('other-way');
      await recover(codes[3]);
      await c.page.getByText('The code is wrong or was already used').waitFor();
      await recover(codes[4].toUpperCase());
    });
    await c.close();
  });

  it('an owner changes name and password, turns the second step on and off, and ends a session elsewhere', ONCE, async () => {
    const c = await newcomer('merchant_owner');
    await c.page.getByTestId('me').waitFor();
    const elsewhere = await cabinet.open();
    await elsewhere.signIn(c.email, PASSWORD);
    await elsewhere.page.getByTestId('me').waitFor();
    await c.go('/profile');
    await c.press('end-one');
    await c.page.getByTestId('said').getByText('Signed out there').waitFor();
    await elsewhere.page.getByTestId('me').click();
    await elsewhere.page.getByText('Your session has ended').waitFor();
    await elsewhere.close();

    await c.fill('name', 'নাসরিন আক্তার');
    await c.press('save-about');
    await c.page.getByTestId('me').getByText('নাসরিন আক্তার').waitFor();
    const change = async (now, fresh) => {
      const form = c.page.getByTestId('password');
      await form.locator('[name=password]').fill(now);
      await form.locator('[name=new_password]').fill(fresh);
      await form.locator('[name=again]').fill(fresh);
      await c.press('save-password');
    };
    await change('not mine at all', 'seven dry camels at dusk');
    await c.page.getByText('The password is wrong').waitFor();
    await change(PASSWORD, 'seven dry camels at dusk');
    await c.page.getByTestId('said').getByText('Password changed').waitFor();

    const dialog = c.page.getByRole('dialog');
    await c.press('two-step-on');
    await dialog.locator('[name=password]').fill('seven dry camels at dusk');
    await dialog.getByTestId('yes').click();
    await setUp(c);
    await c.page.getByTestId('two-step-off').click();
    await dialog.locator('[name=password]').fill('seven dry camels at dusk');
    await dialog.getByTestId('yes').click();
    await c.page.getByTestId('two-step-on').waitFor();
    await c.close();
  });

  it('an owner invites a developer and shuts them out again, who sees it at once', ONCE, async () => {
    const c = await newcomer('merchant_owner');
    await c.page.getByTestId('me').waitFor();
    await c.go('/people');
    await c.press('invite');
    const dialog = c.page.getByTestId('invite-dialog');
    await dialog.locator('[name=name]').fill('Tanvir');
    await dialog.locator('[name=email]').fill(c.email);
    await dialog.locator('[name=role]').selectOption('merchant_developer');
    await c.press('yes');
    await dialog.getByText('Already in use').waitFor();
    await dialog.locator('[name=email]').fill('tanvir.new@handloom.example');
    await c.press('yes');
    const link = await c.page.getByTestId('link-dialog').locator('code').textContent();
    await c.page.getByTestId('link-dialog').getByTestId('yes').click();

    const developer = await cabinet.open();
    await join(developer, link);
    await developer.page.getByTestId('me').waitFor();
    assert.equal(await developer.page.getByRole('link', { name: 'People' }).count(), 0);
    await developer.go('/people', 'There is nothing here');

    await c.page.getByRole('row', { name: /Tanvir/ }).getByTestId('disable').click();
    await c.press('yes');
    await c.page.getByRole('row', { name: /Tanvir/ }).getByText('Let in again').waitFor();
    await developer.page.getByTestId('me').click();
    await developer.page.getByText('Your session has ended').waitFor();
    await developer.close();
    await c.close();
  });

  it('in Bangla on a phone, an invitation is accepted in Bangla', ONCE, async () => {
    const invited = await invite(w, 'merchant_viewer', { language: 'bn' });
    const c = await cabinet.open({ language: 'bn', width: PHONE });
    await c.page.goto(invited.invitation);
    await c.page.getByRole('heading', { name: 'Kassa-তে স্বাগতম' }).waitFor();
    await c.settled();
    await c.check('invitation');
    await c.fill('password', PASSWORD);
    await c.fill('again', PASSWORD);
    await c.press('submit');
    await c.press('menu');
    await c.page.getByTestId('me').getByText('শুধু দেখতে পারেন').waitFor();
    await c.close();
  });

  it('no page of it has a violation in any look', ONCE, async () => {
    const press = (...ids) => async (c) => { for (const id of ids) { await c.press(id); } };
    await checkPages(cabinet, [
      { name: 'profile', path: '/profile' },
      { name: 'profile-sure', path: '/profile', ready: press('two-step-off') },
      { name: 'people', path: '/people' },
      { name: 'people-invite', path: '/people', ready: press('invite') },
      { name: 'people-link', path: '/people', ready: async (c) => {
        await press('invite', 'yes')(c);
        await c.page.getByTestId('link-dialog').waitFor();
      } },
    ], { ...API, 'GET /session': OWNER });
    await checkPages(cabinet, [
      { name: 'code', ready: async (c) => {
        await c.fill('code', '১২৩ ৪৫৬');
        await c.page.getByRole('alert').getByText(/./).waitFor();
      } },
      { name: 'recovery', ready: press('other-way') },
    ], { ...API, 'GET /session': { ...OWNER, stage: 'code', person: undefined, merchant: undefined, actions: undefined } });
    await checkPages(cabinet, [
      { name: 'setup' },
      { name: 'setup-codes', ready: async (c) => {
        await c.fill('code', '123456');
        await press('submit')(c);
        await c.page.getByTestId('codes').waitFor();
      } },
    ], { ...API, 'GET /session': ADMIN });
  });

  it('a whole code is sent by itself, in either script, and once', ONCE, async () => {
    const c = await cabinet.open({ api: { ...API, 'GET /session': { ...OWNER, stage: 'code' } } });
    await c.go();
    await c.fill('code', '১২৩ ৪৫৬');
    await c.page.getByText('The code is wrong').waitFor();
    const second = c.page.waitForResponse('**/sign-in/code');
    await c.fill('code', '654321');
    await second;
    await c.settled();
    assert.deepEqual(c.posts, [['/sign-in/code', { code: '123456' }], ['/sign-in/code', { code: '654321' }]]);
    await c.close();
  });

  it('recovery codes are not left before it was said that they are kept', ONCE, async () => {
    const c = await cabinet.open({ api: { ...API, 'GET /session': ADMIN } });
    await c.go();
    await c.fill('code', '123456');
    await c.press('submit');
    assert.equal(await c.page.getByTestId('codes').locator('li').count(), 10);
    await c.page.getByTestId('done').click({ force: true });
    assert.equal(await c.page.getByTestId('codes').isVisible(), true);
    await c.page.locator('[name=kept]').check();
    await c.press('done');
    await c.page.getByTestId('me').waitFor();
    await c.close();
  });

  it('a form that somebody else was faster than says so and shows the new state', ONCE, async () => {
    let name = 'Tanvir Hasan';
    const c = await cabinet.open({ api: { ...API, 'GET /session': OWNER,
      'GET /people': () => ({ items: PEOPLE.map((p) => (p.id === '2' ? { ...p, name } : p)), next: null }),
      'POST /people/2': () => {
        name = 'Tanvir H.';
        return error(409, 'stale');
      } } });
    await c.go('/people');
    await c.page.getByTestId('change').nth(1).click();
    assert.equal(await c.page.evaluate(() => document.activeElement.name), 'name');
    await c.fill('name', 'Tanvir');
    await c.press('yes');
    await c.page.getByText('This was changed meanwhile').waitFor();
    assert.equal(await c.page.locator('[name=name]').inputValue(), 'Tanvir', 'what was typed stays');
    assert.deepEqual(c.posts, [['/people/2', { name: 'Tanvir', role: 'merchant_developer', version: 1 }]]);
    await c.page.keyboard.press('Escape');
    await c.page.getByText('Tanvir H.').waitFor();
    assert.equal(await c.page.evaluate(() => document.activeElement.dataset.testid), 'change', 'the focus is where it was');
    await c.close();
  });
});
