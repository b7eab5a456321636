// What the suites expect of answers.
import assert from 'node:assert/strict';

/** An error answer of the API: its status, the exact shape of its body, and the keys of `errors` in any order. */
export function expectError(answer, status, keys, what = '') {
  const seen = `${what} ${answer.status} ${answer.text.slice(0, 600)}`;
  assert.equal(answer.status, status, seen);
  assert.match(answer.headers['content-type'], /^application\/json/, seen);
  const body = answer.json;
  assert.deepEqual(Object.keys(body), ['message', 'errors'], seen);
  assert.equal(typeof body.message, 'string', seen);
  assert.ok(body.message.length > 0, seen);
  assert.deepEqual(Object.keys(body.errors).sort(), [...keys].sort(), seen);
  for (const texts of Object.values(body.errors)) {
    assert.ok(Array.isArray(texts) && texts.length > 0, seen);
    assert.ok(texts.every((text) => typeof text === 'string' && text.length > 0), seen);
  }
  return body;
}

/** 400 that names exactly these fields. */
export function expectInvalid(answer, keys, what) {
  const body = expectError(answer, 400, keys, what);
  assert.equal(body.message, 'The given data was invalid.');
  return body;
}

export function expectGood(answer, what = '') {
  assert.equal(answer.status, 200, `${what} ${answer.status} ${answer.text.slice(0, 600)}`);
  assert.ok(!('errors' in answer.json), 'no success has a key errors');
  return answer.json;
}

/** A body as JSON in which some members are written as the given raw text. */
export function rawJson(fields, raw) {
  const all = { ...fields, ...raw };
  return `{${Object.keys(all).map((k) => `${JSON.stringify(k)}:${k in raw ? raw[k] : JSON.stringify(all[k])}`).join(',')}}`;
}

/** Runs `fn` over items with some under way at once; gives the results in order. */
export async function parallel(items, fn, width = 16) {
  const results = new Array(items.length);
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const i = next++;
      results[i] = await fn(items[i], i);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  return results;
}
