// A PostgreSQL server of a test's own, to be killed, damaged and starved. While it is there it is the server of the test's stores. Under
// root it runs as the user postgres, as it refuses to run as root. It needs no network: its socket is in its folder.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Program, until } from '../../api/lib/process.mjs';
import { sqlRows, sqlRun } from '../../api/lib/store.mjs';

const PROGRAMS = '/usr/lib/postgresql';
const SETTINGS = {
  listen_addresses: '', port: 5432, shared_buffers: '16MB', max_connections: 60, autovacuum: 'off', log_min_messages: 'log',
  max_wal_size: '4MB', min_wal_size: '2MB', wal_recycle: 'off', wal_sync_method: 'fdatasync', log_checkpoints: 'off',
};

function binFolder() {
  const versions = fs.existsSync(PROGRAMS) ? fs.readdirSync(PROGRAMS).filter((v) => fs.existsSync(`${PROGRAMS}/${v}/bin/initdb`)) : [];
  if (versions.length) {
    return `${PROGRAMS}/${versions.sort((a, b) => a - b).at(-1)}/bin`;
  }
  return path.dirname(spawnSync('sh', ['-c', 'command -v initdb'], { encoding: 'utf8' }).stdout.trim());
}

const BIN = binFolder();
const asRoot = process.getuid() === 0;
const AS_OWNER = asRoot ? ['setpriv', '--reuid', 'postgres', '--regid', 'postgres', '--clear-groups'] : [];

export class Server {
  /** Its folder alone. */
  constructor() {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kassa-pg-'));
    this.give(this.folder);
    this.data = path.join(this.folder, 'data');
    this.log = path.join(this.folder, 'server.log');
    this.address = `postgresql://kassa@/postgres?host=${this.folder}`;
  }

  /** A folder becomes the server's. */
  give(folder) {
    if (asRoot) {
      const id = (...args) => Number(spawnSync('id', [...args, 'postgres'], { encoding: 'utf8' }).stdout);
      fs.chownSync(folder, id('-u'), id('-g'));
    }
  }

  /** `wal`: an empty folder for its log. Starts it too; stores that are made from then on are in it. */
  async make({ wal, settings = {}, env } = {}) {
    const args = ['--no-sync', '--auth=trust', '--username=kassa', '--encoding=UTF8', '--locale=C.UTF-8', '--data-checksums', '--wal-segsize=1',
      `--pgdata=${this.data}`, ...(wal ? [`--waldir=${wal}`] : [])];
    const [command, ...rest] = [...AS_OWNER, `${BIN}/initdb`, ...args];
    const made = spawnSync(command, rest, { cwd: this.folder, encoding: 'utf8' });
    if (made.status !== 0) {
      throw new Error(`initdb: ${made.stderr}`);
    }
    this.settings = { ...SETTINGS, unix_socket_directories: this.folder, ...settings };
    this.env = env;
    await this.start();
    process.env.KASSA_TEST_PG = this.address;
    return this;
  }

  async start() {
    const options = Object.entries(this.settings).map(([key, value]) => `-c${key}=${value}`);
    const [command, ...args] = [...AS_OWNER, `${BIN}/postgres`, '-D', this.data, ...options];
    this.program = new Program(command, args, { cwd: this.folder, log: this.log, env: { LC_ALL: 'C.UTF-8', ...this.env } });
    await this.program.ready(async () => this.answers());
  }

  answers() {
    return spawnSync(`${BIN}/pg_isready`, ['-q', '-h', this.folder, '-U', 'kassa', '-d', 'postgres']).status === 0;
  }

  /** As after a failed disk: an operator starts it again unless it has recovered by itself. */
  async bringBack() {
    for (let tries = 0; tries < 400; tries++) {
      if (this.program.end) {
        await this.start();
        return;
      }
      if (this.answers()) {
        return;
      }
      await Promise.race([this.program.ended, new Promise((resolve) => { setTimeout(resolve, 50); })]);
    }
    throw new Error(`the server does not come back:\n${this.program.text().slice(-3000)}`);
  }

  /** In an orderly way, with a checkpoint. */
  async stop() {
    if (!this.program.end) {
      process.kill(this.program.pid, 'SIGINT');
    }
    await this.program.ended;
  }

  /** Its processes' ids, its own first. */
  pids() {
    const main = this.program.pid;
    return [main, ...fs.readFileSync(`/proc/${main}/task/${main}/children`, 'utf8').split(' ').filter(Boolean).map(Number)];
  }

  /** All at once, as when the machine loses its power. */
  async kill() {
    for (const pid of this.pids()) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // it has ended meanwhile
      }
    }
    await this.program.ended;
    fs.rmSync(path.join(this.data, 'postmaster.pid'), { force: true });
  }

  sql(text, store = this.address) {
    return sqlRun(store, text);
  }

  /** The process that serves kassad's writer, which has written before: its last words are those of a commit. */
  writer(store) {
    const database = /@\/(\w+)\?/.exec(store)[1];
    const select = `SELECT pid FROM pg_stat_activity WHERE datname = '${database}' AND application_name = 'kassa' AND query LIKE '%commit_mark%'`;
    return until(async () => (await sqlRows(this.address, select))[0]?.pid, { what: "the server's process for kassad's writer" });
  }

  /** Where a table's rows are. */
  async fileOf(store, table) {
    return path.join(this.data, await this.sql(`SELECT pg_relation_filepath('${table}')`, store));
  }

  /** `disks`: what is mounted in its folder. */
  async discard(...disks) {
    await this.program?.kill9().catch(() => {});
    disks.forEach((disk) => disk?.unmount());
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
