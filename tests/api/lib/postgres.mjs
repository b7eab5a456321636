// A PostgreSQL server beside a suite: the one that the suites share, or one of its own that ends with it.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { sqlRun } from './store.mjs';

const STARTER = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../tools/with-postgres');

export class Postgres {
  async start() {
    this.server = process.env.KASSA_TEST_PG ?? await this.startOwn();
    return this;
  }

  /** Its address is the first line that comes; it ends when its standard input does. */
  startOwn() {
    this.child = spawn(STARTER, ['sh', '-c', 'echo "$KASSA_TEST_PG"; read end'], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.ended = new Promise((resolve) => { this.child.once('exit', resolve); });
    return new Promise((resolve, reject) => {
      let text = '';
      this.child.stdout.on('data', (piece) => {
        text += piece;
        if (text.includes('\n')) {
          resolve(text.split('\n')[0]);
        }
      });
      this.child.once('exit', (code) => reject(new Error(`with-postgres ended with ${code}`)));
    });
  }

  /** The address of a new, empty database. */
  async database() {
    const name = `kassa_${randomBytes(6).toString('hex')}`;
    await sqlRun(this.server, `CREATE DATABASE ${name}`);
    return this.server.replace('/postgres?', `/${name}?`);
  }

  async stop() {
    this.child?.stdin.end();
    await this.ended;
  }
}
