// PostgreSQL as operators run it: three servers under Patroni, three etcds, and HAProxy, which knows who is the primary. Everything is
// in a fresh folder outside of the clone and ends with the test.
import crypto from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { request } from '../../api/lib/http.mjs';
import { run, sleep, until } from '../../api/lib/process.mjs';
import { configOf, DIST, Net } from './files.mjs';
import { Machine } from './machine.mjs';

const NAMES = ['db1', 'db2', 'db3'];
const USER = 'postgres';
/** What the servers' certificates say, whichever is the primary. */
const PRIMARY_NAME = 'database.kassa';
/** HAProxy takes every server for good until it has looked twice. */
const PROXY_CHECKS_MS = 2500;

const secret = () => crypto.randomBytes(18).toString('hex');

function binFolder() {
  const base = '/usr/lib/postgresql';
  const versions = fs.readdirSync(base).filter((v) => fs.existsSync(path.join(base, v, 'bin/initdb')));
  return path.join(base, versions.sort((a, b) => a - b).at(-1), 'bin');
}

export class Database {
  etcds = new Map();
  servers = new Map();
  passwords = { superuser: secret(), replication: secret(), kassa: secret() };

  async start() {
    this.net = await new Net().choose();
    this.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'kassa-cluster-'));
    this.bin = binFolder();
    await this.makeCertificates();
    await this.own(this.dir);
    await this.startEtcds();
    await this.startServers();
    await this.startProxy();
    await this.makeDatabase();
    return this;
  }

  async own(file, mode = 0o700) {
    fs.chmodSync(file, mode);
    if (process.getuid() === 0) {
      await run('chown', ['-R', USER, file]);
    }
  }

  async folder(name) {
    const dir = path.join(this.dir, name);
    fs.mkdirSync(dir);
    await this.own(dir);
    return dir;
  }

  async file(dir, name, text) {
    const file = path.join(dir, name);
    fs.writeFileSync(file, text);
    await this.own(file, 0o600);
    return file;
  }

  address(name) {
    return `10.0.0.1${NAMES.indexOf(name) + 1}`;
  }

  /** The file of db1 is the pattern of all three; what all have in common names all three, and stays. */
  forMember(text, name) {
    const own = (line) => !/10\.0\.0\.12/.test(line);
    return text.split('\n').map((line) => (own(line) ? line.replaceAll('db1', name).replaceAll('10.0.0.11', this.address(name)) : line)).join('\n');
  }

  async makeCertificates() {
    this.tls = path.join(this.dir, 'tls');
    // On loopback all connections come from its first address.
    const machines = NAMES.map((name) => `${name}=${this.net.at(this.address(name))},127.0.0.1`);
    const { code, stderr } = await run(path.join(DIST, 'certificates'), [this.tls, ...machines]);
    if (code !== 0) {
      throw new Error(`certificates ended with ${code}: ${stderr}`);
    }
    this.ca = path.join(this.tls, 'ca.pem');
    const read = (file) => fs.readFileSync(path.join(this.tls, file));
    this.agent = new https.Agent({ ca: read('ca.pem'), cert: read('db1.pem'), key: read('db1.key') });
  }

  // ---- etcd ----

  async startEtcds() {
    for (const name of NAMES) {
      const dir = await this.folder(`etcd-${name}`);
      const config = await this.file(dir, 'etcd.yml', this.member('etcd.conf.yml', name, [
        ['/var/lib/etcd/kassa', path.join(dir, 'data')], ['/etc/etcd/tls', this.tls],
      ]));
      this.etcds.set(name, new Machine(`etcd-${name}`, dir, USER, ['etcd', '--config-file', config]).start());
    }
    await until(() => this.etcdLeader().catch(() => false), { ms: 60000, every: 200, what: 'a leader of etcd' });
  }

  member(file, name, swaps) {
    return configOf(file, (text) => this.net.at(this.forMember(text, name)), swaps);
  }

  etcdUrl(name) {
    return `https://${this.net.at(`${this.address(name)}:2379`)}`;
  }

  /** The name of etcd's leader, or undefined. */
  async etcdLeader() {
    for (const [name, machine] of this.etcds) {
      if (machine.isUp) {
        const { code, stdout } = await run('etcdctl', ['--endpoints', this.etcdUrl(name), '--dial-timeout=1s', '--command-timeout=1s',
          `--cacert=${this.ca}`, `--cert=${this.tls}/db1.pem`, `--key=${this.tls}/db1.key`, 'endpoint', 'status', '--write-out=json'],
        { env: { ETCDCTL_API: '3' } });
        const status = code === 0 && JSON.parse(stdout)[0].Status;
        if (status && status.leader === status.header.member_id) {
          return name;
        }
      }
    }
    return undefined;
  }

  // ---- PostgreSQL ----

  async startServers() {
    for (const name of NAMES) {
      const dir = await this.folder(name);
      const text = this.member('patroni.yml', name, [
        ['/var/lib/postgresql/15/kassa', path.join(dir, 'data')], ['/usr/lib/postgresql/15/bin', this.bin], ['/var/run/postgresql', dir],
        ['/etc/patroni/tls', this.tls],
        ['SUPERUSER-PASSWORD', this.passwords.superuser], ['REPLICATION-PASSWORD', this.passwords.replication],
        ['shared_buffers: 4GB', 'shared_buffers: 64MB'], ['wal_keep_size: 1GB', 'wal_keep_size: 128MB'],
        // The data of a test does not have to outlive the machine it runs on.
        ['max_connections: 300', 'max_connections: 300\n        fsync: off'],
        ['- data-checksums', '- data-checksums\n    - no-sync'],
      ]);
      const config = await this.file(dir, 'patroni.yml', text);
      this.servers.set(name, new Machine(name, dir, USER, ['patroni', config]).start());
    }
    await this.healthy();
  }

  /** What Patroni's own door of a server answers: {status, json}, or undefined. Who hangs is not waited for, not in a handshake either. */
  async ask(name, what, { ms = 2000, body } = {}) {
    try {
      const { status, text } = await request(body ? 'POST' : 'GET', `https://${this.net.at(`${this.address(name)}:8008`)}/${what}`,
        { signal: AbortSignal.timeout(ms), ms, agent: this.agent, ...(body && { body: JSON.stringify(body) }) });
      return { status, text, json: text.startsWith('{') ? JSON.parse(text) : undefined };
    } catch {
      return undefined;
    }
  }

  /** Who takes writes, or undefined. */
  async primary() {
    for (const [name, machine] of this.servers) {
      if (machine.isUp && (await this.ask(name, 'primary'))?.status === 200) {
        return name;
      }
    }
    return undefined;
  }

  /** {name, role, state, lag, ...} of each, by whoever answers. */
  async members() {
    for (const [name, machine] of this.servers) {
      const answer = machine.isUp && await this.ask(name, 'cluster');
      if (answer?.status === 200) {
        return answer.json.members;
      }
    }
    return [];
  }

  /** One primary and two standbys that follow it, one of which confirms. */
  async healthy(ms = 60000) {
    let last;
    await until(async () => {
      last = await this.members();
      const roles = last.filter((m) => m.state === 'running' || m.state === 'streaming').map((m) => m.role).sort();
      const follow = last.every((m) => m.role === 'leader' || m.lag === 0 || m.lag < 1000000);
      return follow && roles.join() === 'leader,replica,sync_standby';
    }, { ms, every: 250, what: 'a whole cluster' }).catch((error) => {
      throw new Error(`${error.message}: ${JSON.stringify(last)}\n${this.logs()}`);
    });
  }

  /** Another than `name` is the primary. */
  takenOver(name, ms = 90000) {
    return until(async () => {
      const now = await this.primary();
      return now && now !== name;
    }, { ms, every: 200, what: `a primary in place of ${name}` }).catch((error) => {
      throw new Error(`${error.message}\n${this.logs()}`);
    });
  }

  logs() {
    return [...this.servers].map(([name, m]) => `---- ${name}\n${m.text().slice(-2000)}`).join('\n');
  }

  async switchover() {
    const from = await this.primary();
    const to = (await this.members()).find((m) => m.role === 'sync_standby').name;
    const answer = await this.ask(from, 'switchover', { ms: 60000, body: { leader: from, candidate: to } });
    if (answer?.status !== 200) {
      throw new Error(`the switchover was answered ${answer?.status}: ${answer?.text}\n${this.logs()}`);
    }
    return { from, to };
  }

  // ---- the way to the primary ----

  async startProxy() {
    const dir = await this.folder('haproxy');
    const text = configOf('haproxy.cfg', (all) => this.net.at(all), [
      ['    user haproxy\n    group haproxy\n', ''], ['maxconn 20000', 'maxconn 2000'],
      ['/etc/haproxy/database-ca.pem', this.ca],
    ]);
    const config = await this.file(dir, 'haproxy.cfg', text);
    this.proxy = new Machine('haproxy', dir, USER, ['haproxy', '-W', '-db', '-f', config]).start();
    this.front = `http://${this.net.at('10.0.0.10:80')}`;
    const [host, port] = this.net.at('127.0.0.1:5000').split(':');
    this.door = { host, port };
  }

  async makeDatabase() {
    await sleep(PROXY_CHECKS_MS);
    await this.proxy.ready(async () => (await this.sql('SELECT pg_is_in_recovery()', 'postgres')) === 'f');
    await this.sql(`CREATE ROLE kassa LOGIN PASSWORD '${this.passwords.kassa}'`, 'postgres');
    await this.sql('CREATE DATABASE kassa OWNER kassa', 'postgres');
    await this.file(this.dir, 'pgpass', `${PRIMARY_NAME}:${this.door.port}:kassa:kassa:${this.passwords.kassa}\n`);
  }

  /** What a gateway's configuration says. */
  url() {
    const { host, port } = this.door;
    return `postgresql://kassa@${PRIMARY_NAME}:${port}/kassa?hostaddr=${host}&passfile=${path.join(this.dir, 'pgpass')}`
      + `&sslmode=verify-full&sslrootcert=${this.ca}`;
  }

  /** One statement at the primary; gives what psql prints. */
  async sql(text, database = 'kassa') {
    const { host, port } = this.door;
    const who = database === 'postgres' ? ['postgres', this.passwords.superuser] : ['kassa', this.passwords.kassa];
    const { code, stdout, stderr } = await run('psql', ['-XAtqc', text, '-h', PRIMARY_NAME, '-p', port, '-U', who[0], '-d', database],
      { env: { PGHOSTADDR: host, PGPASSWORD: who[1], PGCONNECT_TIMEOUT: '5', PGSSLMODE: 'verify-full', PGSSLROOTCERT: this.ca } });
    if (code !== 0) {
      throw new Error(`psql: ${stderr}`);
    }
    return stdout.trim();
  }

  async stop() {
    const machines = [this.proxy, ...this.servers.values(), ...this.etcds.values()];
    await Promise.all(machines.map((machine) => machine?.kill()));
    if (this.dir && !process.env.KASSA_KEEP) {
      fs.rmSync(this.dir, { recursive: true, force: true });
    }
  }
}
