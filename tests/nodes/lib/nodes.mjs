// Several kassad on one PostgreSQL database, and in front of them an address that leads to one of them, as told. All on loopback.
//
//   nodesSuite('many nodes', { count: 2 }, (c) => {
//     it('...', async () => {
//       const payment = await c.nodes[0].account.create();
//       c.front.to(c.nodes[1]); // its payer gets to the second node
//       ...
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

/** A PostgreSQL server for this process, unless one is there already; it ends with its standard input. */
function serverStart() {
  const child = spawn(path.join(ROOT, 'tools/with-postgres'), ['sh', '-c', 'echo "$KASSA_TEST_PG"; exec cat >/dev/null'],
    { stdio: ['pipe', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`with-postgres ended with ${code}`)));
    child.stdout.once('data', (line) => {
      process.env.KASSA_TEST_PG = line.toString().trim();
      child.unref();
      child.stdin.unref();
      child.stdout.unref();
      resolve();
    });
  });
}

if (!process.env.KASSA_TEST_PG) {
  await serverStart();
}
process.env.KASSA_TEST_STORE = 'pg';

const { BUILD, World } = await import('../../api/lib/harness.mjs');
const { Account } = await import('../../api/lib/account.mjs');
const { configSet } = await import('../../api/lib/cli.mjs');
const { request } = await import('../../api/lib/http.mjs');
const { freePort, Program, until } = await import('../../api/lib/process.mjs');
const { sqlRows } = await import('../../api/lib/store.mjs');

// Whoever needs these takes them from here: they are to be read after what is set above.
export { BUILD, sqlRows };

/** A port that leads to another, or to a socket's file; it can be cut, and then it takes bytes and gives none. */
export class Door {
  constructor() {
    this.open = new Set();
    this.cut = false;
  }

  async start(target) {
    this.target = target;
    this.server = net.createServer((client) => this.join(client));
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.port = this.server.address().port;
    return this;
  }

  join(client) {
    const behind = net.connect(this.target);
    for (const [from, to] of [[client, behind], [behind, client]]) {
      this.open.add(from);
      from.on('data', (bytes) => this.cut || to.write(bytes));
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.open.delete(from);
        if (!this.cut) {
          to.destroy();
        }
      });
    }
  }

  drop() {
    for (const socket of this.open) {
      socket.destroy();
    }
  }

  async stop() {
    this.cut = false;
    this.drop();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** What payers are sent to: passes each request on to the node that it was told of last. */
class Front {
  async start() {
    this.server = http.createServer((req, res) => {
      const behind = http.request({ host: '127.0.0.1', port: this.target, method: req.method, path: req.url, headers: req.headers, agent: false },
        (answer) => {
          res.writeHead(answer.statusCode, answer.headers);
          answer.pipe(res);
        });
      behind.on('error', () => res.destroy());
      req.pipe(behind);
    });
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.port = this.server.address().port;
    return this;
  }

  to(node) {
    this.target = node.port;
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** One kassad. */
export class Node {
  constructor(cluster, name, config) {
    this.cluster = cluster;
    this.name = name;
    this.config = config;
  }

  get apiUrl() {
    return `http://127.0.0.1:${this.port}`;
  }

  get opsUrl() {
    return `http://127.0.0.1:${this.opsPort}`;
  }

  /** The suite's first account, whose calls come to this node. */
  get account() {
    const account = Object.assign(Object.create(Account.prototype), this.cluster.world.account);
    account.world = { apiUrl: this.apiUrl };
    return account;
  }

  spawn({ env } = {}) {
    const dir = this.cluster.world.dir;
    this.program = new Program(path.join(BUILD, 'kassad'), ['--config', this.config],
      { cwd: dir, log: path.join(dir, `${this.name}.log`), env });
  }

  async start(options) {
    this.spawn(options);
    await this.program.ready(() => this.isReady());
  }

  /** The answer of /readyz; 0 when there is none. */
  async ready() {
    const answer = await request('GET', `${this.opsUrl}/readyz`, { agent: false, ms: 3000 }).catch(() => ({ status: 0, text: '' }));
    return { status: answer.status, text: answer.text };
  }

  async isReady() {
    return (await this.ready()).status === 200;
  }

  async metric(name) {
    const { text } = await request('GET', `${this.opsUrl}/metrics`);
    const found = new RegExp(`^${name} (\\S+)$`, 'm').exec(text);
    return found && Number(found[1]);
  }

  async now() {
    return (await request('GET', `${this.opsUrl}/sandbox/clock`)).json.now_ms;
  }

  /** Moves the clock of all nodes, and the simulator's. */
  async advance(seconds) {
    await this.cluster.world.sim.advance(seconds);
    const answer = await request('POST', `${this.opsUrl}/sandbox/clock`, {
      headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ advance_s: seconds }) });
    if (answer.status !== 200) {
      throw new Error(`the clock's control answered ${answer.status}: ${answer.text}`);
    }
    return answer.json.now_ms;
  }

  log() {
    return this.program.text();
  }

  freeze() {
    process.kill(this.program.pid, 'SIGSTOP');
  }

  thaw() {
    process.kill(this.program.pid, 'SIGCONT');
  }
}

export class Cluster {
  async start({ count = 2, ...options }) {
    this.front = await new Front().start();
    this.frontUrl = `http://127.0.0.1:${this.front.port}`;
    const server = { api_url: this.frontUrl, pay_url: this.frontUrl };
    this.world = new World();
    this.nodes = [];
    const start = this.world.startKassad.bind(this.world);
    this.world.startKassad = async () => {
      this.front.to({ port: this.world.port });
      await start();
    };
    await this.world.start({ ...options, config: { ...options.config, server } });
    const first = new Node(this, 'node-1', this.world.cli.config);
    Object.assign(first, { port: this.world.port, opsPort: this.world.opsPort, program: this.world.kassad });
    this.nodes.push(first);
    while (this.nodes.length < count) {
      await (await this.add()).start();
    }
    return this;
  }

  /** One more, which is not started; `values` are set in its configuration. */
  async add(values = {}) {
    const name = `node-${this.nodes.length + 1}`;
    const config = path.join(this.world.dir, `${name}.conf`);
    const node = new Node(this, name, config);
    node.port = await freePort();
    node.opsPort = await freePort();
    fs.copyFileSync(this.world.cli.config, config);
    configSet(config, { server: { listen: `127.0.0.1:${node.port}`, ops_listen: `127.0.0.1:${node.opsPort}` }, ...values });
    this.nodes.push(node);
    return node;
  }

  /** The database as it is reached through a door. */
  storeThrough(door) {
    const [, user, name] = /^postgresql:\/\/(\w+)@\/(\w+)\?host=/.exec(this.world.cli.store);
    return `postgresql://${user}@127.0.0.1:${door.port}/${name}`;
  }

  /** Where the server itself listens. */
  get databaseSocket() {
    return { path: `${/[?&]host=([^&]+)/.exec(this.world.cli.store)[1]}/.s.PGSQL.5432` };
  }

  /** Until all nodes have that time. */
  async clocksReach(now) {
    for (const node of this.nodes) {
      if (node.program && !node.program.end) {
        await until(async () => (await node.now()) >= now, { what: `${node.name}, which follows the sandbox's clock` });
      }
    }
  }

  notes(payment) {
    return this.world.receiver.of('/notify').filter((note) => JSON.parse(note.text).id === payment.id);
  }

  async stop() {
    const faults = [];
    for (const node of this.nodes) {
      await (node.program?.end ? undefined : node.program?.stop())?.catch((error) => faults.push(error));
    }
    await this.discard();
    if (faults.length) {
      throw faults[0];
    }
  }

  async discard() {
    for (const node of this.nodes ?? []) {
      await node.program?.kill9().catch(() => {});
    }
    this.nodes = [];
    await this.front?.stop();
    this.front = undefined;
    await this.world?.discard();
    this.world = undefined;
  }
}

/** A suite with nodes of its own: `define(c)` states its tests, in which `c` is the started Cluster. */
export function nodesSuite(name, options, define) {
  describe(name, { concurrency: false }, () => {
    const c = new Cluster();
    before(() => c.start(options), { timeout: 120000 });
    after(() => c.discard(), { timeout: 60000 });
    define(c);
    it('the nodes that are left end with 0', { timeout: 60000 }, async () => {
      await c.world.audit();
      await c.stop();
    });
  });
}
