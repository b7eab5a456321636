// Merchants and payers who go on whatever happens to kassad: what got no answer is done again, as real clients and real
// people do. Everything that an answer promised is remembered, and a later answer that breaks it is a fault.
import { EventEmitter } from 'node:events';
import { Payer } from '../../api/lib/payer.mjs';
import { sleep } from '../../api/lib/process.mjs';
import { Random } from './random.mjs';

const FINAL = new Set(['paid', 'cancelled', 'failed', 'expired']);
const AFTER_CANCEL = new Set([...FINAL, 'confirming']);
const AFTER_SUCCESS = new Set([...FINAL, 'confirming', 'open']);
const FAULTS_SHOWN = 10;

const unescape = (text) => text.replace(/&amp;/g, '&');
const stageOf = (html) => /data-status="(\w+)"/.exec(html)?.[1];
const walletLink = (html) => {
  const tag = /<a\b[^>]*data-testid="continue"[^>]*>/.exec(html)?.[0];
  const href = tag && /\shref="([^"]*)"/.exec(tag)?.[1];
  return href && new URL(unescape(href)).pathname.split('/').at(-1);
};

/** What a payer will do. */
const PLANS = [
  [50, 'pay'],
  [10, 'pay, with the way back opened twice'],
  [8, 'pay in two tabs'],
  [10, 'decline, then pay'],
  [5, 'cancel at the wallet'],
  [12, 'cancel on the page'],
  [3, 'approve and close the browser'],
  [2, 'never come'],
];

export class Load {
  /** `moments` tells when something interesting has just happened: answered, callback, note. */
  moments = new EventEmitter();
  orders = new Map();
  faults = [];
  counts = { posts: 0, replays: 0, unanswered: 0, refused: 0, looks: 0 };
  stopping = false;

  /** `pauseMs`: how long at most a worker rests between two orders. */
  constructor(w, { prefix = 't', pauseMs = 60 } = {}) {
    this.w = w;
    this.prefix = prefix;
    this.pauseMs = pauseMs;
  }

  /** Starts `workers` merchants with their payers, and one who looks at what was promised. */
  start(workers) {
    this.running = [this.observe()];
    for (let i = 0; i < workers; i++) {
      this.running.push(this.work(i));
    }
    this.running = this.running.map((p) => p.catch((error) => this.fault(`a worker ended: ${error.stack}`)));
  }

  /** kassad is up and stays up: every create under way gets its answer, payers stop where they are. */
  async stop() {
    this.stopping = true;
    await Promise.all(this.running ?? []);
  }

  /** kassad may be down for good: nobody waits for an answer any more. */
  async abandon() {
    this.abandoned = true;
    await this.stop();
  }

  fault(text) {
    if (this.faults.length < FAULTS_SHOWN) {
      this.faults.push(text);
    }
  }

  /** An HTTP answer, or undefined when there was none. */
  async ask(fn) {
    try {
      const answer = await fn();
      if (answer.status >= 500) {
        this.counts.refused++;
        if (answer.status !== 503 || !answer.headers['retry-after']) {
          this.fault(`an answer ${answer.status}: ${answer.text.slice(0, 300)}`);
        }
        await sleep(20);
        return undefined;
      }
      return answer;
    } catch {
      this.counts.unanswered++;
      await sleep(20);
      return undefined;
    }
  }

  async work(number) {
    const random = new Random(`worker ${number}`);
    for (let n = 1; !this.stopping; n++) {
      const order = this.newOrder(`${this.prefix}-${number}-${n}`, random);
      await this.create(order, random);
      await this.visit(order, random.pick(PLANS), random);
      await sleep(random.int(0, this.pauseMs));
    }
  }

  // ---- the merchant ----

  newOrder(order_id, random) {
    const amount = `${random.int(1, 5000)}.${String(random.int(0, 99)).padStart(2, '0')}`;
    const order = { order_id, amount, body: JSON.stringify(this.w.account.fields({ order_id, amount })) };
    this.orders.set(order_id, order);
    return order;
  }

  async post(order) {
    this.counts.posts++;
    const answer = await this.ask(() => this.w.call('/v1/payment', order.body));
    if (!answer) {
      return false;
    }
    if (answer.status !== 200) {
      this.fault(`a create of ${order.order_id} was answered ${answer.status}: ${answer.text}`);
      return true;
    }
    this.promised(order, answer);
    return true;
  }

  promised(order, answer) {
    const { id, uuid, url } = answer.json;
    if (answer.headers['idempotent-replayed']) {
      this.counts.replays++;
    }
    if (order.id === undefined) {
      Object.assign(order, { id, uuid, url });
    } else if (order.id !== id || order.uuid !== uuid) {
      this.fault(`${order.order_id} was ${order.id} ${order.uuid} and is now ${id} ${uuid}`);
    }
    this.moments.emit('answered');
  }

  /** Posts until there is an answer; now and then twice at once. */
  async create(order, random) {
    const twice = random.chance(0.1);
    for (;;) {
      const answered = await Promise.all(twice ? [this.post(order), this.post(order)] : [this.post(order)]);
      if (answered.every(Boolean) || this.abandoned) {
        return;
      }
      await sleep(random.int(10, 60));
    }
  }

  /** Looks, all the time, at payments that were promised. */
  async observe() {
    const random = new Random('observer');
    while (!this.stopping) {
      const known = [...this.orders.values()].filter((order) => order.id !== undefined);
      if (known.length) {
        const newest = Math.max(0, known.length - 20);
        await this.look(known[random.chance(0.5) ? random.int(newest, known.length - 1) : random.int(0, known.length - 1)]);
      }
      await sleep(15);
    }
  }

  async look(order) {
    const answer = await this.ask(() => this.w.call('/v1/payment/status', { order_id: order.order_id }));
    if (!answer) {
      return;
    }
    this.counts.looks++;
    if (answer.status !== 200) {
      this.fault(`${order.order_id} was promised as ${order.id}, its status is answered ${answer.status}: ${answer.text}`);
      return;
    }
    const { id, uuid, payment_status: status } = answer.json;
    if (id !== order.id || uuid !== order.uuid) {
      this.fault(`${order.order_id} was ${order.id} ${order.uuid} and is now ${id} ${uuid}`);
    }
    if (order.final && order.final !== status) {
      this.fault(`${order.order_id} ended ${order.final} and is now ${status}`);
    }
    if (status !== 'wait') {
      order.final = status;
    }
  }

  // ---- the payer ----

  /** One payer, from opening the page to its end. `patient`: reloads for as long as it takes. */
  async visit(order, plan, random, { patient = false } = {}) {
    if (order.id === undefined || plan === 'never come') {
      return;
    }
    const visit = { order, plan, random, patient, payer: new Payer(order.url), acted: new Map(), tabs: 0, declined: false };
    while (!this.stopping && !visit.over) {
      const page = await this.ask(() => visit.payer.page());
      if (page && page.status !== 200) {
        this.fault(`the page of ${order.order_id} was answered ${page.status}`);
        return;
      }
      if (page) {
        await this.step(visit, page.text);
      }
    }
  }

  async step(visit, html) {
    const stage = stageOf(html);
    this.judge(visit, stage, html);
    if (FINAL.has(stage)) {
      visit.over = true;
    } else if (visit.plan === 'cancel on the page' && (stage === 'open' || stage === 'at_wallet')) {
      await this.pressCancel(visit, html);
    } else if (stage === 'open') {
      if (visit.plan === 'cancel at the wallet' && visit.acted.size) {
        visit.over = true;
      } else {
        await this.press(visit, 'pay', html);
      }
    } else if (stage === 'at_wallet') {
      await this.atWallet(visit, html);
    } else {
      await sleep(40);
    }
  }

  /** An answer is a promise: what it said was done is not undone by a crash. */
  judge(visit, stage, html) {
    const { order, acted } = visit;
    if (visit.cancelled && !AFTER_CANCEL.has(stage)) {
      this.fault(`${order.order_id} was cancelled by its payer and shows ${stage}`);
    }
    const at = stage === 'at_wallet' && walletLink(html);
    // Of two tabs one is not listened to while the other's money may be moving; its way stays open.
    if (at && acted.get(at)?.answered && !visit.firstTab) {
      this.fault(`${order.order_id}: the payer came back from ${at}, and the page leads there again`);
    }
    const succeeded = [...acted.values()].some((a) => a.answered && a.action === 'approve');
    if (succeeded && !AFTER_SUCCESS.has(stage) && !visit.pressedSince && !visit.firstTab) {
      this.fault(`${order.order_id}: the payer came back with success, and the page shows ${stage}`);
    }
  }

  async press(visit, testid, html) {
    const answer = await this.ask(() => visit.payer.press(testid, { html }));
    if (answer && answer.status !== 303) {
      this.fault(`${testid} of ${visit.order.order_id} was answered ${answer.status}: ${answer.text.slice(0, 300)}`);
    }
    visit.pressedSince = true;
    return answer;
  }

  async pressCancel(visit, html) {
    visit.cancelled = Boolean(await this.press(visit, 'cancel', html)) || visit.cancelled;
  }

  async atWallet(visit, html) {
    const id = walletLink(html);
    if (!id || (visit.acted.get(id)?.answered && !visit.firstTab)) {
      await sleep(40);
      return;
    }
    if (visit.plan === 'pay in two tabs' && visit.tabs === 0) {
      visit.tabs = 1;
      visit.firstTab = id;
      await this.press(visit, 'pay', html);
      return;
    }
    const action = this.actionOf(visit);
    const act = visit.acted.get(id) ?? { action, callback: await this.actAtWallet(id, action) };
    visit.acted.set(id, act);
    if (!act.callback || visit.plan === 'approve and close the browser') {
      visit.over = true;
      return;
    }
    visit.pressedSince = false;
    const ways = [this.comeBack(visit, act)];
    if (visit.plan === 'pay, with the way back opened twice') {
      ways.push(this.comeBack(visit, act));
    } else if (visit.firstTab && visit.firstTab !== id && !visit.acted.has(visit.firstTab)) {
      const first = { action, callback: await this.actAtWallet(visit.firstTab, action) };
      visit.acted.set(visit.firstTab, first);
      ways.push(first.callback && this.comeBack(visit, first));
    }
    await Promise.all(ways);
  }

  actionOf(visit) {
    if (visit.plan === 'cancel at the wallet') {
      return 'cancel';
    }
    if (visit.plan === 'decline, then pay' && !visit.declined) {
      visit.declined = true;
      return 'decline';
    }
    return 'approve';
  }

  /** The wallet is another machine, and may be away for a moment. Undefined: it does not allow that any more. */
  async actAtWallet(id, action) {
    for (let tries = 0; tries < 300 && !this.stopping; tries++) {
      try {
        return await this.w.sim.act(id, action);
      } catch (error) {
        if (error.code === 'ERR_ASSERTION') {
          return undefined;
        }
        await sleep(30);
      }
    }
    return undefined;
  }

  /** The browser follows the wallet's redirect; a payer whose browser shows an error reloads, some give up. */
  async comeBack(visit, act) {
    for (let tries = visit.random.int(5, 300); (tries > 0 || visit.patient) && !this.stopping; tries--) {
      setTimeout(() => this.moments.emit('callback'), 2);
      const answer = await this.ask(() => visit.payer.send('GET', act.callback));
      if (answer) {
        if (answer.status !== 303) {
          this.fault(`the way back of ${visit.order.order_id} was answered ${answer.status}: ${answer.text.slice(0, 300)}`);
        }
        act.answered = true;
        return;
      }
    }
    visit.over = true;
  }
}
