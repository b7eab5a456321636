#!/usr/bin/env node
// Writes the cabinet's built files as C tables (src/http/cabinet_files.h), each as it is, with gzip and with brotli:
//     node tools/embed-web.mjs FOLDER OUT.c
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const BASE = '/cabinet/';
const PAGE = 'index.html';
const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};
// Compressing that gains less is not worth a browser's time.
const GAIN_MIN = 64;
const LINE = 96;

function* walk(folder, below = '') {
  for (const entry of readdirSync(join(folder, below), { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const name = below ? `${below}/${entry.name}` : entry.name;
    if (entry.isDirectory()) {
      yield* walk(folder, name);
    } else {
      yield name;
    }
  }
}

// Octal escapes have three digits at most, so no following digit can become part of one.
const escapes = Array.from({ length: 256 }, (_, byte) => {
  const c = String.fromCharCode(byte);
  return byte >= 0x20 && byte < 0x7f && !'"\\?'.includes(c) ? c : `\\${byte.toString(8).padStart(3, '0')}`;
});

function literal(bytes) {
  const lines = [];
  let line = '';
  for (const byte of bytes) {
    line += escapes[byte];
    if (line.length >= LINE) {
      lines.push(`"${line}"`);
      line = '';
    }
  }
  lines.push(`"${line}"`);
  return lines.join('\n    ');
}

function compressed(body) {
  const gzip = gzipSync(body, { level: 9 });
  const br = brotliCompressSync(body, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: body.length },
  });
  return { NONE: body, GZIP: gzip, BR: br };
}

const [folder, out] = process.argv.slice(2);
const bodies = [], rows = [];
let page = null;
for (const name of walk(folder)) {
  const type = TYPES[extname(name)];
  if (!type) {
    throw new Error(`embed-web: ${name} has a type that is not known here`);
  }
  const all = compressed(readFileSync(join(folder, name)));
  const row = [`.path = "${BASE}${name}", .type = "${type}"`];
  for (const [coding, body] of Object.entries(all)) {
    if (coding === 'NONE' || body.length + GAIN_MIN <= all.NONE.length) {
      const id = `body_${bodies.length}`;
      bodies.push(`static const char ${id}[] =\n    ${literal(body)};\n`);
      row.push(`.body[CODING_${coding}] = {${id}, ${body.length}}`);
    }
  }
  if (name === PAGE) {
    page = `{${row.join(', ')}}`;
  } else {
    rows.push(`    {${row.join(', ')}},\n`);
  }
}
if (!page) {
  throw new Error(`embed-web: there is no ${PAGE} in ${folder}`);
}
writeFileSync(out, `/* Written by tools/embed-web.mjs. */
#include "http/cabinet_files.h"

${bodies.join('\n')}
const struct cabinet_file cabinet_page = ${page};

const struct cabinet_file cabinet_files[] = {
${rows.join('')}    {0},
};
`);
