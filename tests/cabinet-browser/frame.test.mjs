// How kassad serves the cabinet's files, and the frame that all of its pages have.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { suite } from '../api/lib/harness.mjs';
import { request } from '../api/lib/http.mjs';
import { Cabinet, checkPages, error, PHONE, sessionOf, SIGNED_OUT } from './lib/cabinet.mjs';

const FIRST_LOAD_MAX = 100 * 1024;
const OWNER = sessionOf('merchant_owner', ['payment_see', 'people_see']);
const PROFILE = { email: 'nasrin@handloom.example', name: 'Nasrin Akter', role: 'merchant_owner', language: 'en', totp: false, totp_required: false,
  recovery_codes_left: 0 };
const REST = { 'GET /profile': PROFILE, 'GET /sessions': { items: [], next: null }, 'GET /people': { items: [], next: null } };
const ONCE = { timeout: 60000 };

suite('the cabinet\'s frame', {}, (w) => {
  let cabinet;
  before(async () => { cabinet = await Cabinet.launch(w.payUrl); });
  after(async () => { await cabinet?.end(); });

  const get = (path, headers = {}) => request('GET', `${w.payUrl}${path}`, { headers });
  const assets = (html) => [...html.matchAll(/(?:src|href)="(\/cabinet\/assets\/[^"]+)"/g)].map((found) => found[1]);

  it('every path below /cabinet starts the program, and is kept by nobody', async () => {
    for (const path of ['/cabinet', '/cabinet/', '/cabinet/payments/17', '/cabinet/people?x=1']) {
      const page = await get(path);
      assert.equal(page.status, 200, path);
      assert.equal(page.headers['content-type'], 'text/html; charset=utf-8');
      assert.equal(page.headers['cache-control'], 'no-store');
      assert.match(page.text, /<div id="app">/);
    }
  });

  it('the policy allows nothing inline and nothing from elsewhere, and nothing of the kind is there', async () => {
    const page = await get('/cabinet');
    const policy = page.headers['content-security-policy'];
    assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/);
    assert.match(policy, /frame-ancestors 'none'; require-trusted-types-for 'script'/);
    assert.doesNotMatch(policy, /unsafe|\*|https?:/);
    assert.equal(page.headers['x-frame-options'], 'DENY');
    assert.doesNotMatch(page.text, /<script(?![^>]*src=)|<style|style=|onload|https?:/);
  });

  it('files have names of their content, are kept for a year and come compressed as asked for', async () => {
    const names = assets((await get('/cabinet')).text);
    assert.ok(names.length >= 3, 'script, style and sign');
    for (const name of names) {
      assert.match(name, /-[\w-]{8}\.(js|css|svg)$/);
      const plain = await get(name);
      assert.equal(plain.status, 200);
      assert.equal(plain.headers['content-encoding'], undefined);
      assert.equal(plain.headers['cache-control'], 'public, max-age=31536000, immutable');
      assert.equal(plain.headers.vary, 'Accept-Encoding');
      assert.equal(plain.headers['x-content-type-options'], 'nosniff');
    }
    const script = names.find((name) => name.endsWith('.js'));
    const plain = (await get(script)).body;
    const br = await get(script, { 'Accept-Encoding': 'gzip, deflate, br' });
    assert.equal(br.headers['content-encoding'], 'br');
    assert.deepEqual(brotliDecompressSync(br.body), plain);
    const gzip = await get(script, { 'Accept-Encoding': 'gzip, br;q=0' });
    assert.equal(gzip.headers['content-encoding'], 'gzip');
    assert.deepEqual(gunzipSync(gzip.body), plain);
    for (const [accept, coding] of [['BR ; q=0.5', 'br'], ['br;q=0.000,gzip;q=1', 'gzip'], ['identity', undefined], ['brx, xgzip', undefined], [', ,;', undefined]]) {
      assert.equal((await get(script, { 'Accept-Encoding': accept })).headers['content-encoding'], coding, accept);
    }
    const head = await request('HEAD', `${w.payUrl}${script}`, { headers: { 'Accept-Encoding': 'br' } });
    assert.equal(head.status, 200);
    assert.equal(head.headers['content-length'], String(br.body.length));
  });

  it('a file that is not there is not found, and the page is not posted to', async () => {
    assert.equal((await get('/cabinet/assets/index-00000000.js')).status, 404);
    assert.equal((await request('POST', `${w.payUrl}/cabinet/people`, { body: '' })).status, 405);
  });

  it('the first load is at most 100 KiB, all together', ONCE, async () => {
    for (const session of [SIGNED_OUT, OWNER]) {
      const c = await cabinet.open({ language: 'bn', api: { ...REST, 'GET /session': session } });
      const client = await c.context.newCDPSession(c.page);
      await client.send('Network.enable');
      let bytes = 0;
      client.on('Network.loadingFinished', (event) => { bytes += event.encodedDataLength; });
      await c.go();
      await c.page.waitForLoadState('networkidle');
      assert.ok(bytes > 10_000, `${bytes} bytes were counted`);
      assert.ok(bytes <= FIRST_LOAD_MAX, `${bytes} bytes`);
      await c.close();
    }
  });

  it('no page has a violation in any look', ONCE, async () => {
    const refused = async (c) => {
      await c.fill('email', 'nasrin@handloom.example');
      await c.fill('password', 'not this one');
      await c.press('submit');
      await c.page.getByRole('alert').getByText(/./).waitFor();
    };
    await checkPages(cabinet, [{ name: 'sign-in' }, { name: 'sign-in-refused', ready: refused }],
      { 'GET /session': SIGNED_OUT, 'POST /sign-in': error(401, 'sign_in_wrong') });
    await checkPages(cabinet, [{ name: 'not-found', path: '/nothing/here' }], { 'GET /session': OWNER });
  });

  it('empty fields are told beside them, and the first gets the focus', ONCE, async () => {
    const c = await cabinet.open({ api: { 'GET /session': SIGNED_OUT } });
    await c.go();
    await c.fill('password', 'something');
    await c.press('submit');
    const email = c.page.locator('[name=email]');
    assert.equal(await email.getAttribute('aria-invalid'), 'true');
    assert.match(await email.evaluate((e) => document.getElementById(e.getAttribute('aria-describedby')).textContent), /fill in/);
    assert.equal(await email.evaluate((e) => e === document.activeElement), true);
    assert.equal(c.calls.filter((call) => call.method === 'POST').length, 0);
    await c.close();
  });

  it('a double click signs in once, and the session that has ended is signed in anew where one was', ONCE, async () => {
    let known = SIGNED_OUT;
    const c = await cabinet.open({
      api: {
        ...REST,
        'GET /session': () => known,
        'POST /sign-in': async () => {
          await new Promise((done) => { setTimeout(done, 100); });
          known = OWNER;
          return OWNER;
        },
        'POST /sign-out': error(401, 'signed_out'),
      },
    });
    await c.go('/profile');
    await c.fill('email', ' nasrin@handloom.example ');
    await c.fill('password', 'a good long one');
    await c.page.getByTestId('submit').dblclick();
    await c.page.getByRole('heading', { name: 'Your profile' }).waitFor();
    const posts = c.calls.filter((call) => call.method === 'POST');
    assert.deepEqual(posts.map((call) => [call.path, call.body, call.csrf]),
      [['/sign-in', { email: 'nasrin@handloom.example', password: 'a good long one' }, 'signed-out']]);
    await c.press('sign-out');
    await c.page.getByText('Your session has ended').waitFor();
    assert.match(c.page.url(), /\/cabinet\/profile$/);
    await c.close();
  });

  it('language and appearance are kept, and change without losing what was typed', ONCE, async () => {
    const c = await cabinet.open({ api: { 'GET /session': SIGNED_OUT } });
    await c.go();
    await c.fill('email', 'nasrin@handloom.example');
    await c.press('language-bn');
    await c.page.getByRole('heading', { name: 'সাইন ইন করুন' }).waitFor();
    assert.equal(await c.page.locator('[name=email]').inputValue(), 'nasrin@handloom.example');
    assert.equal(await c.page.locator('html').getAttribute('lang'), 'bn');
    await c.press('theme-dark');
    await c.page.reload();
    await c.page.getByRole('heading', { name: 'সাইন ইন করুন' }).waitFor();
    assert.equal(await c.page.locator('html').getAttribute('data-theme'), 'dark');
    await c.close();
  });

  it('without a connection, and while the service is busy, one is told and can go on', ONCE, async () => {
    let answer = 'offline';
    const c = await cabinet.open({ api: { ...REST, 'GET /session': () => answer } });
    await c.go();
    await c.page.getByText('No connection to Kassa').waitFor();
    answer = { status: 503, headers: { 'Retry-After': '0.01' }, json: { code: 'busy', message: 'busy' } };
    await c.press('again');
    await c.page.getByText('Kassa is busy').waitFor();
    answer = OWNER;
    await c.press('again');
    await c.page.getByTestId('me').waitFor();
    await c.close();
  });

  it('a page whose files are gone, because kassad was exchanged, is loaded anew once, and then told', ONCE, async () => {
    const c = await cabinet.open({ api: { ...REST, 'GET /session': OWNER } });
    let gone = 2, asked = 0;
    await c.page.route('**/assets/profile-*.js', (route) => {
      asked++;
      return gone-- > 0 ? route.fulfill({ status: 404, body: '' }) : route.continue();
    });
    await c.page.goto(`${w.payUrl}/cabinet/profile`);
    await c.page.getByText('This page did not open').waitFor();
    assert.equal(asked, 2);
    await c.page.getByRole('button', { name: 'Reload the page' }).click();
    await c.page.getByRole('heading', { name: 'Your profile' }).waitFor();
    await c.close();
  });

  it('on a phone the menu opens, holds the focus and closes by Escape; all of it without a mouse', ONCE, async () => {
    const c = await cabinet.open({ width: PHONE, api: { ...REST, 'GET /session': OWNER } });
    await c.go('/profile');
    assert.equal(await c.page.getByTestId('me').isVisible(), false);
    await c.page.keyboard.press('Tab');
    await c.page.keyboard.press('Tab');
    await c.page.keyboard.press('Tab');
    await c.page.keyboard.press('Enter');
    await c.page.getByTestId('me').waitFor();
    await c.check('menu');
    await c.page.keyboard.press('Escape');
    await c.page.getByTestId('me').waitFor({ state: 'hidden' });
    await c.page.waitForFunction(() => document.activeElement?.dataset.testid === 'menu');
    await c.close();
  });
});
