// What happens to a handful of payments, chosen by a seed alone: who pays and how, what their wallets answer, when kassad is killed.
// storyOf() chooses, and touches nothing; Play does it, step by step, and chooses nothing.
import assert from 'node:assert/strict';
import { formOf } from '../../api/lib/payer.mjs';
import { sleep, until } from '../../api/lib/process.mjs';
import { Random } from './random.mjs';
import { DONE_AGAIN, sentOf, STEPS, stepsOfLie, stepsOfSent } from './sent.mjs';
import { WALLET_TIMEOUT_MS } from './stage.mjs';

/** What becomes of a wallet's answer, its work done or not. */
const SPOILT = [[4, 'drop_after_commit'], [2, 'drop_before'], [1, 'status_500'], [1, 'html'], [1, 'half_json'], [1, 'empty']];
export const TOO_LATE_MS = String(WALLET_TIMEOUT_MS + 200);
/** What a wallet may say instead of the sum that it took. */
export const LIED_AMOUNT = '1.00';
/** The wallets' calls that begin a payment and that tell how it ended, as their simulators name them. */
const ASKS = {
  bkash: { begin: 'create', end: 'execute' },
  nagad: { begin: 'nagad_initialize', end: 'nagad_verify' },
  rocket: { begin: 'v', end: 'c' },
};
const FOREIGN_TOPIC = 'arn:aws:sns:ap-southeast-1:111111111111:bpt_kassa';
const WORKING = new Set(['creating', 'executing']);

/** What a payer does in one attempt. */
const WAYS = [
  [10, { act: 'approve', back: 'once' }],
  [4, { act: 'approve', back: 'twice' }],
  [3, { act: 'approve', back: 'never' }],
  [2, { act: 'approve', back: 'late' }],
  [3, { act: 'decline', back: 'once' }],
  [3, { act: 'decline', back: 'forged' }],
  [2, { act: 'cancel', back: 'once' }],
  [2, { act: 'approve', back: 'swapped' }],
  [2, { act: undefined, back: 'never' }],
];

function faultsOf(random, wallet) {
  if (!random.chance(wallet === 'bkash' ? 0.7 : 0.5)) {
    return [];
  }
  const asked = ASKS[wallet].end;
  const fault = random.pick([[7, random.pick(SPOILT)], [{ bkash: 4, nagad: 2, rocket: 0 }[wallet], 'delay'], [3, 'invoice'], [wallet === 'nagad' ? 0 : 4, 'amount']]);
  const value = { delay: TOO_LATE_MS, invoice: 'K1-77', amount: wallet === 'rocket' ? LIED_AMOUNT.replace('.', '') : LIED_AMOUNT }[fault];
  const list = [{ op: asked, fault, value }];
  if (wallet === 'bkash' && random.chance(0.4)) {
    // Now and then nobody answers for longer than kassad asks.
    list.push({ op: 'query', fault: random.pick(SPOILT), count: random.pick([[6, random.int(1, 3)], [1, 1000]]) });
  }
  return list;
}

/** What bKash's webhook tells of it, or others in its name. */
const NOTICES = [[4, 'once'], [3, 'twice'], [2, 'forged'], [1, 'foreign'], [2, 'lied']];

function noticesOf(random, payment, number) {
  return payment.wallet === 'bkash' && random.chance(0.35)
    ? [{ do: 'notice', number, how: random.pick(NOTICES), version: random.int(1, 2) }] : [];
}

function stepsAtPage(random, payment, number) {
  const steps = [];
  const attempts = random.pick([[7, 1], [4, 2], [1, 3]]);
  for (let i = 0; i < attempts; i++) {
    const way = random.pick(WAYS);
    steps.push({ do: 'press', number, fault: random.chance(0.12) && random.pick(SPOILT) });
    steps.push({ do: 'act', number, act: payment.wallet !== 'bkash' && way.back === 'never' && way.act ? 'leave' : way.act });
    if (way.back === 'late') {
      steps.push({ do: 'clock', seconds: 1000 });
    }
    steps.push(...noticesOf(random, payment, number));
    steps.push({ do: 'back', number, how: way.back, faults: faultsOf(random, payment.wallet) });
    steps.push(...noticesOf(random, payment, number));
  }
  return steps;
}

function stepsOf(random, payments, number) {
  const payment = payments[number];
  const rows = [payment.way !== 'number' ? stepsAtPage(random, payment, number) : [], payment.sent ? stepsOfSent(random, payments, number) : []];
  const steps = [{ do: 'create', number, twice: random.chance(0.2) }, ...mixed(random, rows)];
  if (random.chance(0.15)) {
    steps.splice(random.int(1, steps.length), 0, { do: 'cancel', number });
  }
  return steps;
}

/** Mixes the payments' rows of steps, each in its own order. */
function mixed(random, rows) {
  const all = [];
  const left = rows.filter((row) => row.length);
  while (left.length) {
    const at = random.int(0, left.length - 1);
    all.push(left[at].shift());
    if (!left[at].length) {
      left.splice(at, 1);
    }
    if (random.chance(0.04)) {
      all.push({ do: 'clock', seconds: random.pick([[3, 12], [3, 35], [1, 150]]) });
    }
  }
  return all;
}

function refundsOf(random) {
  const list = [];
  for (let n = random.pick([[5, 0], [3, 1], [1, 2]]); n > 0; n--) {
    const percent = random.pick([[2, 100], [3, random.int(1, 99)]]);
    list.push({ percent, fault: random.chance(0.5) && random.pick([...SPOILT, [2, 'delay']]) });
  }
  return list;
}

function paymentOf(random, seed, i) {
  const payment = {
    wallet: random.pick([[3, 'bkash'], [2, 'nagad'], [2, 'rocket']]),
    way: random.pick([[6, 'page'], [4, 'number'], [2, 'both']]),
    amount: `${random.int(10, 900)}.${String(random.int(0, 99)).padStart(2, '0')}`,
    order_id: `seed-${seed}-${i}`,
    lifetime: random.pick([[1, 900], [2, 3600]]),
    deaf: random.pick([[4, 0], [2, 1], [1, 2]]),
    deafness: random.pick([[2, { status: 500 }], [1, { reset: true }], [1, { delay: 600 }]]),
    person: random.chance(0.6),
    persists: random.chance(0.8),
    refunds: refundsOf(random),
  };
  return payment.way === 'page' ? payment : { ...payment, sent: sentOf(random, payment, i) };
}

const UNKILLED = new Set(['clock', 'act', 'money']);

export function storyOf(seed) {
  const random = new Random('story', seed);
  const payments = Array.from({ length: random.int(10, 16) }, (_, i) => paymentOf(random, seed, i));
  const lies = Array.from({ length: random.int(0, 3) }, (_, n) => stepsOfLie(random, payments, n));
  const steps = mixed(random, [...payments.map((_, i) => stepsOf(random, payments, i)), ...lies]);
  for (let kills = random.pick([[3, 0], [3, 1], [2, 2]]); kills > 0; kills--) {
    const step = random.pick(steps.filter((s) => !UNKILLED.has(s.do)).map((s) => [1, s]));
    step.killAfterMs = random.int(0, 25);
  }
  return { seed, payments, steps, backwards: random.chance(0.3), lateSync: random.chance(0.4),
    refundKill: random.chance(0.2) ? random.int(0, 40) : undefined };
}

export class Play {
  constructor(stage, story) {
    const { w, nagad, rocket, look, phones } = stage;
    Object.assign(this, { stage, w, nagad, rocket, look, phones, story, log: [], notices: { taken: new Set(), refused: new Set() } });
    this.all = story.payments.map((plan) => ({ plan, lies: new Set(), strange: new Set() }));
    w.receiver.on('/notify', (note) => this.hear(note));
  }

  /** The merchant does not hear the first tries of some. */
  hear(note) {
    const of = this.all.find((p) => p.plan.order_id === JSON.parse(note.text).order_id);
    if (!of) {
      return {}; // the suite's own, made while it waits for a credential
    }
    of.heard = (of.heard ?? 0) + 1;
    return of.heard <= of.plan.deaf ? of.plan.deafness : {};
  }

  async run() {
    for (const step of this.story.steps) {
      this.log.push(JSON.stringify(step));
      const doing = this.step(step);
      await (step.killAfterMs === undefined ? doing : this.killDuring(doing, step.killAfterMs));
      if (step.killAfterMs !== undefined && DONE_AGAIN.has(step.do)) {
        await this.step(step); // a phone tells again, a payer types again, SNS sends again
      }
    }
  }

  async killDuring(doing, ms) {
    doing.catch(() => {});
    await sleep(ms);
    await this.stage.kill();
    assert.equal(this.w.kassad.end.signal, 'SIGKILL', `kassad ended by itself:\n${this.w.kassadLog().slice(-3000)}`);
    await doing.catch(() => {});
    await this.w.startKassad();
  }

  async step(step) {
    if (step.do === 'clock') {
      await this.stage.advance(step.seconds);
      return;
    }
    const of = this.all[step.number];
    if (step.do === 'sync') {
      await STEPS.sync(this, of, step);
      return;
    }
    if (step.do === 'create') {
      await this.create(of, step);
      return;
    }
    if (!of.payment) {
      await this.create(of, {}); // its create was lost in a kill: the merchant posts again
    }
    await (STEPS[step.do] ? STEPS[step.do](this, of, step) : this[step.do](of, step));
  }

  async create(of, { twice }) {
    const { wallet, amount, order_id, lifetime } = of.plan;
    of.fields ??= this.w.account.fields({ customer_code: wallet, amount, order_id, lifetime });
    const made = await Promise.all(Array.from({ length: twice ? 2 : 1 }, () => this.w.create(of.fields)));
    of.payment = made[0];
    of.createdAt ??= this.stage.now();
    assert.equal(new Set(made.map((p) => p.id)).size, 1, `${order_id} is one payment`);
  }

  async fault(of, op, { fault, value, count }, ref) {
    if (of.plan.wallet === 'rocket') {
      const whole = fault === 'half_json' ? 'empty' : fault;
      await this.rocket.fault(op, whole, { ...(value && { value }), ...(ref && { invoice: (await this.lastAttempt(of)).invoice }) });
      return;
    }
    await this.w.sim.fault(op, fault, { ...(value && { value }), ...(count && { count }), ...(ref && { payment_id: ref }) });
  }

  async pressIfThere(of, testid) {
    const { text } = await of.payment.payer.send('GET', `${of.payment.url}?way=checkout`);
    if (!formOf(text, testid)) {
      return false;
    }
    await of.payment.payer.press(testid, { html: text });
    return true;
  }

  /** Gives kassad the time that the wallet has for its answer. What is not answered then stays unknown: that is no fault. */
  rests(of) {
    return until(async () => !WORKING.has((await this.lastAttempt(of))?.state), { ms: 5000, every: 15 }).catch(() => {});
  }

  async lastAttempt(of) {
    const [last] = await this.look.rows(`SELECT state, invoice, wallet_ref FROM attempt WHERE payment_id = ${of.payment.id} ORDER BY number DESC LIMIT 1`);
    return last;
  }

  async press(of, { fault }) {
    if (fault) {
      await this.fault(of, ASKS[of.plan.wallet].begin, { fault });
    }
    if (await this.pressIfThere(of, 'pay')) {
      await this.rests(of);
    }
    if (fault) {
      await this.w.sim.clearFaults();
    }
  }

  async cancel(of) {
    await this.pressIfThere(of, 'cancel');
  }

  async act(of, { act }) {
    const { w, nagad } = this;
    const last = await this.lastAttempt(of);
    if (!last || !act) {
      return;
    }
    of.approved = act === 'approve';
    if (of.plan.wallet === 'rocket') {
      // Where the bank's id got lost, nobody gets to its page.
      const [made] = await this.rocket.byInvoice(last.invoice);
      if (made?.state === 'CREATED' && made.trans_id === last.wallet_ref) {
        of.ref = made.trans_id;
        // The bank's list does not tell whose time is over.
        await this.rocket.act(of.ref, act === 'decline' ? 'insufficient' : act).catch((error) => assert.match(error.message, /state does not allow/));
        of.callback = of.ref;
      }
      return;
    }
    if (of.plan.wallet === 'nagad') {
      const [made] = await nagad.byOrder(last.invoice);
      if (made?.status === 'OrderInitiated') {
        of.ref = made.payment_ref_id;
        of.callback = (await nagad.act(of.ref, act)) ?? undefined;
      }
      return;
    }
    const [made] = await w.sim.byInvoice(last.invoice);
    if (made?.state === 'initiated' && !made.expired) {
      of.ref = made.payment_id;
      of.callback = await w.sim.act(of.ref, act);
    }
  }

  /** Where a browser goes, or a forger sends one. */
  wayBack(of, how) {
    const other = this.all.find((o) => o !== of && o.plan.wallet === of.plan.wallet && o.ref)?.ref ?? 'none';
    if (of.plan.wallet === 'rocket') {
      return how === 'swapped' ? other : of.callback; // there is no more in it to forge
    }
    if (how === 'forged') {
      return of.callback.replace(/status=\w+/, of.plan.wallet === 'nagad' ? 'status=Success' : 'status=success');
    }
    if (how === 'swapped') {
      const url = new URL(of.callback);
      url.searchParams.set(of.plan.wallet === 'nagad' ? 'payment_ref_id' : 'paymentID', other);
      return url.href;
    }
    return of.callback;
  }

  executes(of) {
    return of.plan.wallet === 'bkash' && of.ref ? this.w.sim.payment(of.ref).then((p) => p.executes) : 0;
  }

  async back(of, { how, faults }) {
    if (how === 'never' || !of.callback) {
      return;
    }
    for (const fault of faults) {
      await this.fault(of, fault.op, fault, of.ref);
      if (fault.fault === 'amount') {
        of.lies.add(of.ref);
      } else if (fault.fault === 'invoice' && of.approved && of.plan.wallet !== 'rocket') {
        of.strange.add(of.ref);
      }
    }
    const before = await this.executes(of);
    const url = this.wayBack(of, how);
    const goes = () => (of.plan.wallet === 'rocket' ? this.rocket.comeBack(of.payment, url) : this.w.follow(of.payment, url));
    const answers = await Promise.all(Array.from({ length: how === 'twice' ? 2 : 1 }, goes));
    assert.ok(answers.every((a) => a.status < 500), `${of.plan.order_id} came back to ${answers.map((a) => a.status)}`);
    of.callback = undefined;
    await this.rests(of);
    assert.ok(how !== 'swapped' || await this.executes(of) === before, `${of.plan.order_id} is executed by another payment's callback`);
  }

  /** bKash tells of it by its webhook: what it took or, before that, what nobody has paid. */
  async notice(of, { how, version }) {
    if (!of.ref) {
      return;
    }
    const { trx_id: trx } = await this.w.sim.payment(of.ref);
    const about = { url: `${this.w.payUrl}/webhook/bkash`, payment_id: of.ref, version,
      message_id: `${of.plan.order_id}-${this.notices.taken.size + this.notices.refused.size}`,
      ...(!trx && { trx_id: `EARLY${String(of.ref).slice(-5).toUpperCase()}` }), ...(how === 'lied' && { amount: LIED_AMOUNT }),
      ...(how === 'forged' && { bad_signature: true }), ...(how === 'foreign' && { topic: FOREIGN_TOPIC }) };
    const tell = () => this.w.sim.control('POST', 'sns', about);
    const answers = await Promise.all(Array.from({ length: how === 'twice' ? 2 : 1 }, tell));
    const refused = how === 'forged' || how === 'foreign';
    assert.deepEqual(answers.map((a) => a.status), answers.map(() => (refused ? 403 : 200)), `${how}: ${JSON.stringify(answers)}`);
    this.notices[refused ? 'refused' : 'taken'].add(about.message_id);
  }
}
