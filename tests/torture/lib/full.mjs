// An installation that is refused its disk: creates that are stored or refused, and what must hold while nothing can be stored and after.
import assert from 'node:assert/strict';
import { World } from '../../api/lib/harness.mjs';
import { request } from '../../api/lib/http.mjs';
import { until } from '../../api/lib/process.mjs';
import { check, checkStored, settle } from './books.mjs';
import { Load } from './load.mjs';
import { Random } from './random.mjs';

export const CREATES_MAX = 6000;
const AT_ONCE = 16;
const CONFIG = { wallet: { token_budget_per_hour: 1000 } };
const SIM_ARGS = ['--fsync', 'no', '--hourly-block', 'no'];

/** An installation whose merchants' and payers' acts are remembered. */
export class Full extends World {
  async prepare() {
    await this.start({ config: CONFIG, feePercent: '1.5', simArgs: SIM_ARGS });
    this.load = new Load(this, { prefix: 'd' });
    this.random = new Random('disk');
    this.made = 0;
    return this;
  }

  order() {
    return this.load.newOrder(`d-${++this.made}`, this.random);
  }

  /** One create; true when it was stored. What was refused must not be there, and must say so rightly. */
  async tryOne(order = this.order()) {
    const answer = await this.call('/v1/payment', order.body);
    if (answer.status === 200) {
      this.load.promised(order, answer);
      return true;
    }
    assert.equal(answer.status, 503, answer.text);
    assert.match(answer.headers['retry-after'] ?? '', /^\d+$/);
    assert.deepEqual(Object.keys(answer.json.errors), ['server']);
    order.refused = true;
    return false;
  }

  /** Creates until the first refusal. */
  async createUntilRefused() {
    for (let n = 0; n < CREATES_MAX; n += AT_ONCE) {
      const stored = await Promise.all(Array.from({ length: AT_ONCE }, () => this.tryOne()));
      if (stored.includes(false)) {
        return;
      }
    }
    assert.fail(`${CREATES_MAX} creates were stored on a disk that is full`);
  }

  async good() {
    const order = this.order();
    assert.ok(await this.tryOne(order), 'a create is stored');
    return order;
  }

  payerOf(order) {
    return this.payer({ url: order.url, payer: order.payer });
  }

  /** A payment whose payer is at the wallet and has approved there; gives {order, callback, paymentID}. */
  async approved() {
    const order = await this.good();
    const payment = { id: order.id, url: order.url };
    const { paymentID } = await this.begin(payment);
    return { order, paymentID, callback: await this.sim.approve(paymentID) };
  }

  /** What the operator sees while nothing can be stored. */
  async expectUnwell() {
    const ready = await request('GET', `${this.opsUrl}/readyz`);
    assert.equal(ready.status, 503);
    assert.match(ready.json.errors.server[0], /store|database/);
    assert.equal(await this.metric('kassa_store_writable'), 0);
    assert.equal((await request('GET', `${this.opsUrl}/healthz`)).status, 200);
  }

  /** What is stored can be read. */
  async expectReads(order) {
    const known = order ?? [...this.load.orders.values()].find((o) => o.id !== undefined);
    assert.equal((await this.status({ id: known.id })).uuid, known.uuid);
    assert.ok((await this.history()).data.length > 0);
    const page = await request('GET', known.url);
    assert.equal(page.status, 200);
    assert.match(page.text, /data-testid="amount"/);
  }

  async expectWellAgain() {
    await until(async () => (await request('GET', `${this.opsUrl}/readyz`)).status === 200, { what: 'kassad, ready again' });
    assert.equal(await this.metric('kassa_store_writable'), 1);
    await this.good();
  }

  /** No refused create is there, and each can be sent again. */
  async expectRefusedAbsent() {
    const refused = [...this.load.orders.values()].filter((order) => order.refused);
    assert.ok(refused.length > 0);
    for (const order of refused) {
      const answer = await this.call('/v1/payment/status', { order_id: order.order_id });
      assert.equal(answer.status, 400, `${order.order_id} was refused: ${answer.text}`);
    }
    const again = await this.call('/v1/payment', refused[0].body);
    assert.equal(again.status, 200, again.text);
    assert.equal(again.headers['idempotent-replayed'], undefined);
    refused[0].refused = false;
    this.load.promised(refused[0], again);
  }

  async expectBooksAgree(t, onlyStored) {
    if (onlyStored) {
      t.diagnostic(await checkStored(this, this.load));
      return;
    }
    await settle(this);
    t.diagnostic(await check(this, this.load));
  }
}
