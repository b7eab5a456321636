// An installation on a cluster: two kassads behind HAProxy on one database; what a suite does with it goes to whichever is there.
import fs from 'node:fs';
import path from 'node:path';
import { Cli } from '../../api/lib/cli.mjs';
import { BUILD, CONFIG, merge, World } from '../../api/lib/harness.mjs';
import { request } from '../../api/lib/http.mjs';
import { Program, run, until } from '../../api/lib/process.mjs';
import { Database } from './database.mjs';

class ClusterCli extends Cli {
  constructor(build, dir, store) {
    super(build, dir);
    this.store = store;
  }

  async init() {
    const made = await run(this.program, ['init', '--sandbox', '--dir', this.dir, '--set', `store.path=${this.store}`]);
    if (made.code !== 0) {
      throw new Error(`kassa init ended with ${made.code}:\n${made.stderr}${made.stdout}`);
    }
  }

  // The database goes with its servers.
  async discard() {}
}

/** One kassad with a configuration of its own, which differs from the other's in its addresses. */
class Node {
  constructor(world, name, address) {
    Object.assign(this, { world, name });
    const { net } = world.database;
    this.listen = net.at(`${address}:8080`);
    this.ops = net.at(`${address}:9090`);
    this.log = path.join(world.dir, `${name}.log`);
    this.config = path.join(world.dir, `${name}.conf`);
  }

  configure(text) {
    fs.writeFileSync(this.config, text.replace(/^#?listen *=.*$/m, `listen = ${this.listen}`).replace(/^#?ops_listen *=.*$/m, `ops_listen = ${this.ops}`));
  }

  async start() {
    this.program = new Program(path.join(BUILD, 'kassad'), ['--config', this.config], { cwd: this.world.dir, log: this.log });
    await this.program.ready(() => this.isReady());
  }

  async isReady() {
    return (await request('GET', `http://${this.ops}/readyz`, { agent: false })).status === 200;
  }

  get isUp() {
    return Boolean(this.program && !this.program.end);
  }
}

export class ClusterWorld extends World {
  database = new Database();

  async start(options) {
    await this.database.start();
    return super.start(options);
  }

  makeCli() {
    this.nodes = [new Node(this, 'app1', '10.0.0.21'), new Node(this, 'app2', '10.0.0.22')];
    return new ClusterCli(BUILD, this.dir, this.database.url());
  }

  async startKassadAnywhere() {
    this.apiUrl = this.payUrl = this.database.front;
    const server = { api_url: this.apiUrl, pay_url: this.payUrl, trusted_proxy: '127.0.0.1', listen: '127.0.0.1:1', ops_listen: '127.0.0.1:2' };
    this.configure(merge(CONFIG, { server }, this.options.config));
    const text = fs.readFileSync(this.cli.config, 'utf8');
    for (const node of this.nodes) {
      node.configure(text);
      await node.start();
    }
    await until(async () => (await request('GET', `${this.apiUrl}/pay/none`, { agent: false })).status === 404, { what: 'the proxy' });
  }

  /** The door for operators of a node that runs. */
  get opsUrl() {
    return `http://${this.nodes.find((node) => node.isUp).ops}`;
  }

  kassadLog() {
    return this.nodes.map((node) => fs.readFileSync(node.log, 'utf8').slice(-3000)).join('\n----\n');
  }

  async stop() {
    for (const node of this.nodes) {
      await node.program.stop();
    }
    await super.stop();
  }

  async discard() {
    for (const node of this.nodes ?? []) {
      await node.program?.kill9().catch(() => {});
    }
    await super.discard();
    await this.database.stop();
  }
}
