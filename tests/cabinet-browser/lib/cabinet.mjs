// The cabinet in a real browser. Suites start a kassad of their own (tests/api/lib/harness.mjs) and open pages here:
//
//   const cabinet = await Cabinet.launch(w.payUrl);
//   const c = await cabinet.open({ language: 'bn', width: 360, api: { 'GET /session': SESSION } });
//   await c.go('/people');
//   await c.check('people');
//   await c.close();
//
// `api` answers calls in the server's place: for states that are hard to come by. Without it the server itself is asked.
// KASSA_PICTURES=FOLDER keeps a picture of each page that is checked.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { AXE, launch } from '../../browser/preview.mjs';

export const PHONE = 360;
export const DESKTOP = 1280;
// Each page is opened in both of these, and then seen in the dark and at the other width, too.
const LOOKS = [{ language: 'en', width: DESKTOP }, { language: 'bn', width: PHONE }];
const sizeOf = (width) => ({ width, height: width === PHONE ? 740 : 800 });
const PICTURES = process.env.KASSA_PICTURES;

export const person = (role, more = {}) => ({
  id: '7', email: 'nasrin@handloom.example', name: 'Nasrin Akter', role, operator: role.startsWith('operator_'), language: 'en', totp: false, ...more,
});

// What GET /session says of somebody with these actions.
export const sessionOf = (role, actions, more = {}) => ({
  stage: 'full', csrf: 'c'.repeat(64), sandbox: true, now: Date.now(), person: person(role),
  merchant: role.startsWith('operator_') ? null : { id: '3', name: 'Dhaka Handloom' }, actions: ['own', ...actions], ...more,
});

export const SIGNED_OUT = { stage: 'signed_out', csrf: 'signed-out', sandbox: true, now: Date.now() };
export const error = (status, code, fields) => ({ status, json: { code, message: code, ...(fields && { fields }) } });

export class Cabinet {
  static async launch(url) {
    const cabinet = new Cabinet();
    cabinet.url = url;
    cabinet.browser = await launch();
    return cabinet;
  }

  async end() {
    await this.browser?.close();
  }

  async open(options = {}) {
    return new Seat(this).open(options);
  }
}

// One browser window of somebody.
class Seat {
  constructor(cabinet) {
    this.cabinet = cabinet;
    this.faults = []; // what console, policy and scripts complain about
    this.calls = []; // of the API that `api` answered: {method, path, query, body, csrf}
  }

  async open({ language = 'en', width = DESKTOP, api, ...more } = {}) {
    this.language = language;
    this.width = width;
    this.context = await this.cabinet.browser.newContext({
      locale: language === 'bn' ? 'bn-BD' : 'en-GB', viewport: sizeOf(width), colorScheme: 'light', reducedMotion: 'reduce', ...more,
    });
    this.page = await this.context.newPage();
    this.page.setDefaultTimeout(15000);
    this.page.on('console', (message) => {
      // the browser itself says so of each refusal that the page expects
      if (['error', 'warning'].includes(message.type()) && !/^Failed to load resource/.test(message.text())) {
        this.faults.push(`${message.text()} at ${this.page.url()}`);
      }
    });
    this.page.on('pageerror', (fault) => this.faults.push(String(fault)));
    this.api = api;
    if (api) {
      await this.page.route('**/cabinet/api/**', (route) => this.#answer(route));
    }
    return this;
  }

  // Whoever is signed in reads the language of this window.
  #ours(answer) {
    return answer?.person?.language ? { ...answer, person: { ...answer.person, language: this.language } } : answer;
  }

  async #answer(route) {
    const request = route.request();
    const url = new URL(request.url());
    const path = url.pathname.replace('/cabinet/api', '');
    const call = { method: request.method(), path, query: url.searchParams, body: request.postDataJSON(), csrf: request.headers()['x-kassa-csrf'] };
    this.calls.push(call);
    const told = this.api[`${call.method} ${path}`] ?? this.api['*'];
    const answer = this.#ours(typeof told === 'function' ? await told(call) : told);
    if (answer === 'offline') {
      return route.abort('connectionfailed');
    }
    if (answer === undefined) {
      return route.fulfill({ status: 404, json: { code: 'not_found', message: `no mock of ${call.method} ${path}` } });
    }
    return route.fulfill(typeof answer.status === 'number' && 'json' in answer ? answer : { json: answer });
  }

  // What the mocked server got, without the reading.
  get posts() {
    return this.calls.filter((call) => call.method === 'POST').map((call) => [call.path, call.body]);
  }

  // A path below /cabinet; waits until the page has what it wants to show.
  async go(path = '', heading) {
    await this.page.goto(`${this.cabinet.url}/cabinet${path}`);
    await this.page.locator('h1').waitFor();
    if (heading) {
      await this.page.getByRole('heading', { level: 1, name: heading }).waitFor();
    }
    await this.settled();
  }

  async settled() {
    await this.page.waitForFunction(() => document.querySelector('h1') && !document.querySelector('.bone, .spin'));
  }

  async signIn(email, password) {
    await this.go();
    await this.page.locator('[name=email]').fill(email);
    await this.page.locator('[name=password]').fill(password);
    await this.page.getByTestId('submit').click();
  }

  press(id) {
    return this.page.getByTestId(id).click();
  }

  fill(name, value) {
    return this.page.locator(`[name=${name}]`).fill(value);
  }

  // axe finds nothing, and nothing sticks out at the side. In the dark only colours differ, at the other width only places.
  async check(name) {
    assert.equal(await this.page.locator('html').getAttribute('lang'), this.language);
    await this.#fits(name, 'light');
    await this.#axe(name);
    await this.page.emulateMedia({ colorScheme: 'dark' });
    await this.#picture(name, 'dark');
    await this.#axe(`${name} in the dark`, ['color-contrast']);
    await this.page.emulateMedia({ colorScheme: 'light' });
    const width = this.width;
    this.width = width === PHONE ? DESKTOP : PHONE;
    await this.page.setViewportSize(sizeOf(this.width));
    await this.#fits(name, 'light');
    this.width = width;
    await this.page.setViewportSize(sizeOf(width));
  }

  async #picture(name, scheme) {
    if (PICTURES) {
      mkdirSync(PICTURES, { recursive: true });
      await this.page.screenshot({ path: join(PICTURES, `${name}.${this.language}.${this.width}.${scheme}.png`), fullPage: true });
    }
  }

  async #fits(name, scheme) {
    await this.#picture(name, scheme);
    const over = await this.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(over <= 0, `${name} in ${this.language} sticks out ${over} pixels of ${this.width}`);
  }

  async #axe(name, only) {
    if (!await this.page.evaluate(() => 'axe' in window)) {
      await this.page.evaluate(AXE);
    }
    const { violations } = await this.page.evaluate((rules) => window.axe.run(document,
      { resultTypes: ['violations'], ...(rules && { runOnly: rules }) }), only);
    assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' | ')}`), [], `${name} in ${this.language}`);
  }

  // Nothing was complained about.
  async close() {
    await this.context.close();
    assert.deepEqual(this.faults, []);
  }
}

// Opens the pages, [{name, path, ready}], in both languages, waits until `ready` is done, and checks them.
export async function checkPages(cabinet, pages, api) {
  for (const look of LOOKS) {
    const c = await cabinet.open({ ...look, api });
    for (const { name, path = '', ready } of pages) {
      await c.go(path);
      await ready?.(c);
      await c.settled();
      await c.check(name);
    }
    await c.close();
  }
}
