// A payer's browser without JavaScript: reads the page, presses its buttons, keeps its cookies.
import assert from 'node:assert/strict';
import { request } from './http.mjs';
import { until } from './process.mjs';

const unescape = (text) => text.replace(/&amp;/g, '&').replace(/&quot;/g, '"').replace(/&#39;/g, "'").replace(/&lt;/g, '<')
  .replace(/&gt;/g, '>');

function attribute(tag, name) {
  const found = new RegExp(`\\s${name}="([^"]*)"`).exec(tag);
  return found && unescape(found[1]);
}

/** The form whose button has that data-testid: {action, fields}; undefined when there is none. */
export function formOf(html, testid) {
  for (const [, head, inside] of html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)) {
    if (!new RegExp(`<(button|input)\\b[^>]*data-testid="${testid}"`).test(inside)) {
      continue;
    }
    const fields = [...inside.matchAll(/<input\b[^>]*>/g)].map(([tag]) => [attribute(tag, 'name'), attribute(tag, 'value')]);
    return { action: attribute(head, 'action'), method: attribute(head, 'method'), fields: fields.filter(([n, v]) => n && v !== null) };
  }
  return undefined;
}

export class Payer {
  constructor(url) {
    this.url = url; // of the payment's page
    this.origin = new URL(url).origin;
    this.cookies = new Map();
  }

  async send(method, path, { body, headers = {} } = {}) {
    const cookie = [...this.cookies].map(([k, v]) => `${k}=${v}`).join('; ');
    const answer = await request(method, new URL(path, this.url).href, {
      body,
      headers: {
        Accept: 'text/html',
        ...(cookie && { Cookie: cookie }),
        ...(body !== undefined && { 'Content-Type': 'application/x-www-form-urlencoded', Origin: this.origin }),
        ...headers,
      },
    });
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      this.cookies.set(name, value);
    }
    return answer;
  }

  page() {
    return this.send('GET', this.url);
  }

  async state() {
    return (await this.send('GET', `${this.url}/state`)).json;
  }

  /** Presses a button of the page as it is now; gives the answer to the form's post. */
  async press(testid, { extra = [], html } = {}) {
    const form = formOf(html ?? (await this.page()).text, testid);
    assert.ok(form, `the page has a button ${testid}`);
    return this.send('POST', form.action, { body: new URLSearchParams([...form.fields, ...extra]).toString() });
  }

  /** Waits until the page is in one of these stages; gives its state. */
  reaches(...stages) {
    let last;
    return until(async () => {
      last = await this.state();
      return stages.includes(last.stage) && last;
    }, { what: `a page that shows ${stages.join(' or ')}` }).catch((error) => {
      throw new Error(`${error.message}; it shows ${JSON.stringify(last)}`);
    });
  }
}
