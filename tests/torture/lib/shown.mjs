// What `kassa payment show` tells of a story's payments, read from the store in a few statements: a program started for each of them
// was half of a story's work.

const LISTS = {
  attempts: 'SELECT payment_id, state, invoice, wallet_ref, trx_id FROM attempt ORDER BY payment_id, number',
  credits: 'SELECT payment_id, id, trx_id, amount, credential_id AS credential, attached FROM credit WHERE payment_id IS NOT NULL ORDER BY id',
  refunds: 'SELECT payment_id, id, state, amount, trx_id, refund_trx_id FROM refund ORDER BY id',
  notifications: 'SELECT payment_id, sequence FROM outbox ORDER BY sequence',
  postings: `SELECT e.payment_id, a.kind AS ledger, a.owner, p.amount FROM posting p JOIN ledger_entry e ON e.id = p.entry_id
    JOIN ledger_account a ON a.id = p.ledger_account_id ORDER BY e.id, p.number`,
  events: 'SELECT DISTINCT payment_id, actor FROM payment_event',
};

/** As a JSON amount of ours. */
function taka(poisha) {
  const digits = String(Math.abs(poisha)).padStart(3, '0');
  return `${poisha < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

function rowOf({ payment_id: _, ...row }) {
  return { ...row, ...('amount' in row && { amount: taka(row.amount) }), ...('attached' in row && { attached: row.attached === 1 }) };
}

/** Of each of these: {id, order_id, state, amount, attempts, credits, refunds, notifications, postings, events}. */
export async function showAll(look, some) {
  const rows = await look.rows('SELECT id, order_id, state, amount FROM payment');
  const all = new Map(rows.map((row) => [row.id, { ...row, amount: taka(row.amount), ...Object.fromEntries(Object.keys(LISTS).map((l) => [l, []])) }]));
  for (const [list, sql] of Object.entries(LISTS)) {
    for (const row of await look.rows(sql)) {
      all.get(row.payment_id)?.[list].push(rowOf(row));
    }
  }
  const byOrder = new Map([...all.values()].map((p) => [p.order_id, p]));
  return some.map((of) => byOrder.get(of.plan.order_id));
}
