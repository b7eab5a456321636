// Plain rows as a load: what the cluster itself promises, with nothing of Kassa in it.
import { spawn } from 'node:child_process';
import path from 'node:path';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Acks } from './acks.mjs';

const PROGRAM = path.join(path.dirname(fileURLToPath(import.meta.url)), 'rows.py');

export class Rows {
  acks = new Acks();

  constructor(database) {
    this.database = database;
  }

  async start(writers = 8) {
    await this.database.sql('CREATE TABLE rows (name text PRIMARY KEY)');
    this.child = spawn('/usr/bin/python3', [PROGRAM, this.database.url(), String(writers)], { stdio: ['pipe', 'pipe', 'inherit'] });
    readline.createInterface({ input: this.child.stdout }).on('line', (name) => this.acks.add(name));
    this.ended = new Promise((resolve) => this.child.once('close', resolve));
  }

  async stop() {
    this.child.stdin.end();
    await this.ended;
  }

  /** The names that are stored. */
  async stored() {
    return (await this.database.sql('SELECT name FROM rows')).split('\n');
  }
}
