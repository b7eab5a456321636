// The walk: one fault after the other under load, each until the cluster is whole again, and the report of all.
import fs from 'node:fs';
import path from 'node:path';
import { sleep } from '../../api/lib/process.mjs';

const QUIET_MS = 3000;

/** Each fault breaks something and mends it; between the two the load goes on as well as it can. */
export const DATABASE_FAULTS = {
  'kill -9 of the primary: the whole machine': async ({ database }) => {
    const name = await database.primary();
    await database.servers.get(name).kill();
    await database.takenOver(name);
    database.servers.get(name).start();
  },
  'kill -9 of the primary: PostgreSQL alone': async ({ database }) => {
    const name = await database.primary();
    await database.servers.get(name).killOnly('postgres');
    await database.takenOver(name);
  },
  'SIGSTOP of the primary: the whole machine': async ({ database }) => {
    const name = await database.primary();
    await database.servers.get(name).hang();
    await database.takenOver(name);
    await sleep(QUIET_MS);
    await database.servers.get(name).wake();
  },
  'SIGSTOP of the primary: PostgreSQL alone': async ({ database }) => {
    const name = await database.primary();
    await database.servers.get(name).hang('postgres');
    await database.takenOver(name);
    await sleep(QUIET_MS);
    await database.servers.get(name).wake();
  },
  'kill -9 of Patroni at the primary': async ({ database }) => {
    const name = await database.primary();
    await database.servers.get(name).killOnly('patroni');
    await database.takenOver(name);
    await database.servers.get(name).kill();
    database.servers.get(name).start();
  },
  'kill -9 of the standby that confirms': async ({ database }) => {
    const { name } = (await database.members()).find((m) => m.role === 'sync_standby');
    await database.servers.get(name).kill();
    await sleep(3 * QUIET_MS);
    database.servers.get(name).start();
  },
  "kill -9 of etcd's leader": async ({ database }) => {
    const name = await database.etcdLeader();
    await database.etcds.get(name).kill();
    await sleep(3 * QUIET_MS);
    database.etcds.get(name).start();
  },
  'a switchover': async ({ database }) => {
    await database.switchover();
  },
};

/** Also with gateways on it. */
export const ALL_FAULTS = {
  ...DATABASE_FAULTS,
  'kill -9 of a gateway': async ({ nodes }) => {
    await nodes[0].program.kill9();
    await sleep(2 * QUIET_MS);
    await nodes[0].start();
  },
  'SIGSTOP of a gateway': async ({ nodes }) => {
    process.kill(nodes[1].program.pid, 'SIGSTOP');
    await sleep(20000);
    process.kill(nodes[1].program.pid, 'SIGCONT');
  },
  'upgrade of the gateways, one after the other': async ({ nodes }) => {
    for (const node of nodes) {
      await node.program.stop();
      await node.start();
      await sleep(QUIET_MS);
    }
  },
};

/** [[name, fault], ...] as KASSA_CLUSTER says: `all`, or those with this text in their names; without it those of the `short` walk. */
export function chosen(faults, ...short) {
  const which = process.env.KASSA_CLUSTER;
  return Object.entries(faults).filter(([name]) => (which ? which === 'all' || name.includes(which) : short.includes(name)));
}

/** Walks through the named faults; gives a row for each: {fault, from, to, seconds}. */
export async function walk(world, load, faults, say) {
  const rows = [];
  for (const [fault, run] of faults) {
    await sleep(QUIET_MS);
    const from = Date.now();
    await run(world);
    await world.database.healthy();
    await load.checkpoint?.();
    await sleep(QUIET_MS);
    const row = { fault, from, to: Date.now() };
    row.seconds = load.acks.gap(row.from, row.to);
    say(`${fault}: ${row.seconds.toFixed(1)} s without writes, whole again after ${((row.to - from - QUIET_MS) / 1000).toFixed(0)} s`);
    rows.push(row);
  }
  return rows;
}

/** The report, and the sums that have to be 0. */
export function report(rows, load, stored) {
  const judged = rows.map((row, i) => ({ ...row, ...load.acks.judge(row.from, rows[i + 1]?.from ?? Infinity, stored) }));
  const lines = ['| fault | acknowledged | lost | doubled | seconds without writes |', '|---|---|---|---|---|'];
  for (const row of judged) {
    lines.push(`| ${row.fault} | ${row.acknowledged} | ${row.lost} | ${row.doubled} | ${row.seconds.toFixed(1)} |`);
  }
  const sum = (key) => judged.reduce((all, row) => all + row[key], 0);
  const seconds = Math.max(...judged.map((row) => row.seconds));
  lines.push(`| in all | ${sum('acknowledged')} | ${sum('lost')} | ${sum('doubled')} | at most ${seconds.toFixed(1)} at once |`);
  return { text: lines.join('\n'), lost: sum('lost'), doubled: sum('doubled'), acknowledged: sum('acknowledged') };
}

/** Shows a report, and keeps it for tests/cluster/run. */
export function publish(name, found, t) {
  found.text.split('\n').forEach((line) => t.diagnostic(line));
  if (process.env.KASSA_CLUSTER_REPORT) {
    fs.writeFileSync(path.join(process.env.KASSA_CLUSTER_REPORT, `${name}.md`), `${found.text}\n`);
  }
}
