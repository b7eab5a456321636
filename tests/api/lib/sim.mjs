// The wallet simulator's control API.
import assert from 'node:assert/strict';
import { request } from './http.mjs';
import { until } from './process.mjs';

export class Sim {
  constructor(url) {
    this.url = url;
  }

  async control(method, path, body) {
    const answer = await request(method, `${this.url}/control/${path}`, {
      headers: body ? { 'Content-Type': 'application/json' } : {},
      body: body && JSON.stringify(body),
    });
    assert.equal(answer.status, 200, `${method} ${path}: ${answer.text}`);
    return answer.json;
  }

  /** What a payer does at the wallet; gives the address that the browser is sent to. */
  async act(paymentID, action) {
    return (await this.control('POST', `payments/${paymentID}`, { action })).callback_url;
  }

  approve(paymentID) {
    return this.act(paymentID, 'approve');
  }

  decline(paymentID) {
    return this.act(paymentID, 'decline');
  }

  cancel(paymentID) {
    return this.act(paymentID, 'cancel');
  }

  /** {state, executes, queries, invoice, amount, trx_id, ...} */
  payment(paymentID) {
    return this.control('GET', `payments/${paymentID}`);
  }

  async byInvoice(invoice) {
    return (await this.control('GET', `payments?invoice=${encodeURIComponent(invoice)}`)).payments;
  }

  /** {payments, completed, completed_amount, executes, executes_max} */
  async totals() {
    return (await this.control('GET', 'payments?limit=1')).totals;
  }

  fault(op, fault, more = {}) {
    return this.control('POST', 'faults', { op, fault, ...more });
  }

  clearFaults() {
    return this.control('POST', 'faults/clear', {});
  }

  async calls(op) {
    return (await this.control('GET', `calls${op ? `?op=${op}` : ''}`)).calls;
  }

  async callsOf(paymentID, op) {
    return (await this.control('GET', `calls?payment_id=${paymentID}${op ? `&op=${op}` : ''}`)).calls;
  }

  async totalsOfCalls() {
    return (await this.control('GET', 'calls?limit=1')).totals;
  }

  advance(seconds) {
    return this.control('POST', 'clock', { advance_s: seconds });
  }

  /** The wallet's payment of that invoice, as soon as it is there. */
  created(invoice, ms) {
    return until(async () => (await this.byInvoice(invoice))[0], { ms, what: `the wallet's payment of ${invoice}` });
  }
}
