// Merchants and payers as the torture has them, behind a proxy, and with a record of when what was acknowledged.
import { Load } from '../../torture/lib/load.mjs';
import { sleep } from '../../api/lib/process.mjs';
import { Acks } from './acks.mjs';

/** What HAProxy says by itself when a gateway ends in the middle of an answer, or gives none. */
const PROXY = new Set([502, 503, 504]);

export class Shops extends Load {
  acks = new Acks();

  promised(order, answer) {
    const again = order.id !== undefined;
    super.promised(order, answer);
    if (!again) {
      this.acks.add(order.order_id);
    }
  }

  async ask(fn) {
    return super.ask(async () => {
      const answer = await fn();
      if (PROXY.has(answer.status) && !answer.headers['x-request-id']) {
        this.counts.byProxy = (this.counts.byProxy ?? 0) + 1;
        await sleep(100);
        throw new Error('the proxy answered');
      }
      return answer;
    });
  }

  async stored() {
    const account = this.w.account.uuid.replaceAll('-', '');
    const text = await this.w.database.sql(`SELECT order_id FROM payment WHERE account_id = (SELECT id FROM account WHERE uuid = '\\x${account}')`);
    return text.split('\n');
  }
}
