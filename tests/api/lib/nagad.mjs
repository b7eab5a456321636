// Nagad in a suite: its credential against the simulator, and a payer's way to its page.
import path from 'node:path';
import { until } from './process.mjs';

export const MERCHANT = '683002007104225';
export const SIM_ARGS = ['--nagad-merchant', MERCHANT];
const BASE = '/remote-payment-gateway-1.0/api/dfs';

export class Nagad {
  constructor(world) {
    this.world = world;
  }

  keyFile(name) {
    return path.join(this.world.dir, 'sim', 'nagad', `${name}.pem`);
  }

  addArgs({ base = this.world.simUrl + BASE, merchant = MERCHANT, own = this.keyFile('merchant_private'),
    nagad = this.keyFile('pg_public'), more = [] } = {}) {
    return ['wallet', 'add', 'nagad', '--name', 'nagad', '--base-url', base, '--merchant-id', merchant, '--private-key-file', own,
      '--nagad-key-file', nagad, ...more];
  }

  /** Adds the credential, and waits until kassad takes payments with it. */
  async start(options) {
    this.credential = await this.world.cli.json(this.addArgs(options));
    await until(async () => (await this.world.tryCreate({ customer_code: 'nagad' })).status === 200, { what: 'a create with nagad' });
    return this;
  }

  create(more = {}) {
    return this.world.create({ customer_code: 'nagad', ...more });
  }

  /** The newest thousand of Nagad's payments. */
  async all() {
    return (await this.world.sim.control('GET', 'nagad/payments')).payments;
  }

  /** Nagad's payments of an order id, newest first. */
  async byOrder(order) {
    return (await this.world.sim.control('GET', `nagad/payments?order_id=${order}`)).payments;
  }

  payment(ref) {
    return this.world.sim.control('GET', `nagad/payments/${encodeURIComponent(ref)}`);
  }

  /** approve, decline, cancel, leave, refund, or a status under way; gives the address that the browser is sent to. */
  async act(ref, action) {
    return (await this.world.sim.control('POST', `nagad/payments/${encodeURIComponent(ref)}`, { action })).callback_url;
  }

  fault(op, fault, more = {}) {
    return this.world.sim.fault(`nagad_${op}`, fault, more);
  }

  /** Presses pay and waits until the page leads to Nagad: {order, ref}. */
  async begin(payment, attempt = 1) {
    const answer = await payment.payer.press('pay');
    if (answer.status !== 303) {
      throw new Error(`pay answered ${answer.status}: ${answer.text.slice(0, 500)}`);
    }
    await payment.payer.reaches('at_wallet');
    const order = `K${payment.id}N${attempt}`;
    const [made] = await this.byOrder(order);
    return { order, ref: made?.payment_ref_id };
  }

  /** Waits until Nagad was asked that often about the payment. */
  verified(ref, count) {
    return until(async () => (await this.payment(ref)).verifies >= count, { what: `verify ${count} of ${ref}` });
  }
}
