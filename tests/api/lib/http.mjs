// HTTP as clients speak it, and raw bytes where no client would send them.
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';

const agents = [];

export function newAgent(options = {}) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 64, ...options });
  agents.push(agent);
  return agent;
}

const shared = newAgent();
let trusted;

/** The certificate that https servers are checked against from now on. */
export function trust(ca) {
  trusted = ca;
}

export function closeAgents() {
  for (const agent of agents) {
    agent.destroy();
  }
}

function answer(res, body) {
  const text = body.toString('utf8');
  return {
    status: res.statusCode,
    headers: res.headers,
    rawHeaders: res.rawHeaders,
    body,
    text,
    get json() {
      return JSON.parse(text);
    },
  };
}

/** One request; redirects are not followed. */
export function request(method, url, { headers = {}, body, agent, ca = trusted, ms = 30000, signal } = {}) {
  return new Promise((resolve, reject) => {
    const secure = url.startsWith('https:');
    const bytes = body === undefined ? undefined : Buffer.from(body);
    const sized = bytes && !('Transfer-Encoding' in headers);
    const req = (secure ? https : http).request(url, {
      method,
      ca,
      signal,
      agent: agent ?? (secure ? false : shared),
      headers: { ...(sized ? { 'Content-Length': bytes.length } : {}), ...headers },
    });
    req.setTimeout(ms, () => req.destroy(new Error(`${method} ${url}: no answer within ${ms} ms`)));
    req.once('error', reject);
    req.once('response', (res) => {
      const chunks = [];
      res.on('data', (d) => chunks.push(d));
      res.once('error', reject);
      res.once('end', () => resolve(answer(res, Buffer.concat(chunks))));
    });
    req.end(bytes);
  });
}

function parseAnswers(bytes) {
  const found = [];
  let rest = bytes;
  for (;;) {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) {
      return found;
    }
    const [line, ...lines] = rest.subarray(0, end).toString('latin1').split('\r\n');
    const headers = Object.fromEntries(lines.map((l) => {
      const colon = l.indexOf(':');
      return [l.slice(0, colon).toLowerCase(), l.slice(colon + 1).trim()];
    }));
    const length = Number(headers['content-length'] ?? 0);
    if (rest.length < end + 4 + length && line.split(' ')[1] !== '100') {
      return found; // the rest of it is still to come, or it is an answer to HEAD
    }
    const body = rest.subarray(end + 4, end + 4 + length);
    const text = body.toString('utf8');
    found.push({
      status: Number(line.split(' ')[1]),
      line,
      headers,
      text,
      get json() {
        return JSON.parse(text);
      },
    });
    rest = rest.subarray(end + 4 + length);
  }
}

/**
 * Sends bytes over a connection of their own and collects until the peer closes, until `count` answers are there, or until
 * `quiet` ms pass without a byte after the first answer. Gives {answers, closed, bytes}.
 */
export function raw(port, bytes, { quiet = 1500, ms = 15000, count = Infinity, pieces } = {}) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1');
    const chunks = [];
    let idle;
    let closed = false;
    const finish = () => {
      clearTimeout(idle);
      clearTimeout(limit);
      socket.destroy();
      const all = Buffer.concat(chunks);
      resolve({ answers: parseAnswers(all), closed, bytes: all });
    };
    const limit = setTimeout(finish, ms);
    socket.once('connect', () => {
      if (pieces) {
        pieces(socket);
      } else {
        socket.write(bytes);
      }
    });
    socket.on('data', (d) => {
      chunks.push(d);
      clearTimeout(idle);
      if (count < Infinity && parseAnswers(Buffer.concat(chunks)).length >= count) {
        finish();
        return;
      }
      idle = setTimeout(finish, quiet);
    });
    socket.once('close', () => {
      closed = true;
      finish();
    });
    socket.once('error', (error) => {
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') {
        reject(error);
      }
    });
  });
}
