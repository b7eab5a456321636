// Who is signed in, and how far.
import { csrf, ended, get, post, type Got } from './api';
import type { Action } from './gen/role';
import { store } from './store';
import { languageUse, languageWanted } from './text';

export type Session = Got<'/session'>;

export const session = store<Session | null>(null);

export function may(action: Action): boolean {
  return session.get()?.actions?.includes(action) ?? false;
}

export const isOperator = () => session.get()?.person?.operator ?? false;

export function sessionUse(known: Session): void {
  csrf.set(known.csrf);
  ended.set(false);
  session.set(known);
}

export async function sessionRead(): Promise<void> {
  sessionUse(await get('/session'));
}

export async function signOut(): Promise<void> {
  await post('/sign-out', {});
  // a new page: nothing of what was shown stays in memory
  location.assign('/cabinet');
}

// Somebody's own language, where this browser has chosen none.
export async function languageOfPerson(): Promise<void> {
  await languageUse(languageWanted(session.get()?.person?.language));
}

// What stands behind # in a link is for the page alone: it goes out of the address line as soon as it was read.
export function secretOfAddress(): string {
  const secret = location.hash.slice(1);
  if (secret) {
    history.replaceState(null, '', location.pathname + location.search);
  }
  return secret;
}
