// Calls of /cabinet/api: typed by its description (doc/cabinet-api.yaml), with the session's CSRF token; errors are ApiError.
import type { ErrorCode } from './gen/error-code';
import type { paths } from './gen/api';
import { store } from './store';

// The service could not be reached at all, or had no time.
export type Reach = 'ok' | 'offline' | 'busy';
export const reach = store<Reach>('ok');
export const csrf = store('');
// Somebody was signed in and is no more.
export const ended = store(false);

export type Code = ErrorCode | 'offline' | 'unreadable';

export class ApiError extends Error {
  constructor(readonly status: number, readonly code: Code, message: string, readonly fields: Record<string, string> = {}) {
    super(message);
  }
}

type Json<R> = R extends { content: { 'application/json': infer B } } ? B : undefined;
type Answer<O> = O extends { responses: infer R } ? Json<R[keyof R & (200 | 201 | 202)]> : never;
type Body<O> = O extends { requestBody: { content: { 'application/json': infer B } } } ? B
  : O extends { requestBody?: { content: { 'application/json': infer B } } } ? B | undefined : undefined;
type Part<O, K extends 'path' | 'query'> = O extends { parameters: infer P } ? (K extends keyof P ? NonNullable<P[K]> : undefined) : undefined;
type With<M extends 'get' | 'post'> = {
  [P in keyof paths]: paths[P] extends Record<M, { responses: unknown }> ? P : never
}[keyof paths] & string;
type Operation<M extends 'get' | 'post', P extends keyof paths> = M extends keyof paths[P] ? paths[P][M] : never;
// The body that a GET answers with.
export type Got<P extends With<'get'>> = Answer<Operation<'get', P>>;
export type Posted<P extends With<'post'>> = Answer<Operation<'post', P>>;

interface More {
  path?: Record<string, string | number>;
  query?: Record<string, string | number | boolean | undefined | null>;
}
type Options<O> = Omit<More, 'path'> & { query?: Part<O, 'query'> }
  & (Part<O, 'path'> extends undefined ? { path?: undefined } : { path: Part<O, 'path'> });

const BASE = '/cabinet/api';
const TRIES = 3;
const RETRY_MS_MAX = 5000;

// "/cabinet/api/payments/{uuid}" or "/payments/{uuid}", with what stands for the braces.
export function address(path: string, more: More = {}): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(more.path?.[name])));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(more.query ?? {})) {
    if (value !== undefined && value !== null && value !== '') {
      query.set(name, String(value));
    }
  }
  const asked = query.toString();
  return (filled.startsWith(BASE) ? filled : BASE + filled) + (asked ? `?${asked}` : '');
}

const wait = (ms: number) => new Promise((done) => { setTimeout(done, ms); });

async function send(method: string, url: string, body: unknown): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (method === 'POST') {
    headers['Content-Type'] = 'application/json';
    headers['X-Kassa-Csrf'] = csrf.get();
  }
  try {
    const response = await fetch(url, {
      method, headers, credentials: 'same-origin', cache: 'no-store', redirect: 'error',
      ...(method === 'POST' && { body: JSON.stringify(body ?? {}) }),
    });
    reach.set(response.status === 503 ? 'busy' : 'ok');
    return response;
  } catch {
    reach.set('offline');
    throw new ApiError(0, 'offline', 'the service was not reached');
  }
}

function retryMs(response: Response): number {
  const seconds = Number(response.headers.get('Retry-After'));
  return Math.min(seconds > 0 ? seconds * 1000 : 1000, RETRY_MS_MAX);
}

async function refusal(response: Response): Promise<ApiError> {
  const told = await response.json().catch(() => null) as { code?: Code; message?: string; fields?: Record<string, string> } | null;
  return new ApiError(response.status, told?.code ?? 'unreadable', told?.message ?? response.statusText, told?.fields);
}

// The token of the session as it is now; false when nobody is signed in.
async function renew(): Promise<boolean> {
  const response = await send('GET', address('/session'), undefined);
  const told = response.ok ? await response.json() as Got<'/session'> : null;
  if (told?.csrf) {
    csrf.set(told.csrf);
  }
  return Boolean(told?.csrf);
}

// Reads are asked again when the service had no time; what changes something is sent once.
async function answered(method: string, url: string, body: unknown): Promise<Response> {
  let renewed = false;
  for (let tried = 1; ; tried++) {
    const response = await send(method, url, body);
    if (response.ok) {
      return response;
    }
    if (response.status === 503 && method === 'GET' && tried < TRIES) {
      await wait(retryMs(response));
      continue;
    }
    const error = await refusal(response);
    if (error.code === 'csrf_invalid' && !renewed && await renew()) {
      renewed = true; // another tab has signed in anew
      continue;
    }
    if (error.code === 'signed_out') {
      ended.set(true);
    }
    throw error;
  }
}

async function read(response: Response): Promise<unknown> {
  if (response.status === 204) {
    return undefined;
  }
  try {
    return await response.json() as unknown;
  } catch {
    throw new ApiError(response.status, 'unreadable', 'the answer is not JSON');
  }
}

export async function get<P extends With<'get'>>(path: P, ...[more]: Part<Operation<'get', P>, 'path'> extends undefined
  ? [Options<Operation<'get', P>>?] : [Options<Operation<'get', P>>]): Promise<Got<P>> {
  return await read(await answered('GET', address(path, more as More), undefined)) as Got<P>;
}

export async function post<P extends With<'post'>>(path: P, body: Body<Operation<'post', P>>, ...[more]: Part<Operation<'post', P>, 'path'> extends undefined
  ? [Options<Operation<'post', P>>?] : [Options<Operation<'post', P>>]): Promise<Posted<P>> {
  return await read(await answered('POST', address(path, more as More), body)) as Posted<P>;
}

// A file that comes as the answer of a POST, which is offered to be saved.
export async function postFile(path: string, body: unknown, name: string, more?: More): Promise<void> {
  const response = await answered('POST', address(path, more), body);
  save(await response.blob(), name);
}

export function save(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// A key for what must not be done twice: made when a dialog opens, sent with each try of it.
export function requestKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
