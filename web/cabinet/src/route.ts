// Addresses below /cabinet and what is shown there: a pattern's :name is a part of the path.
import { store } from './store';

export const BASE = '/cabinet';

export interface Place {
  path: string; // without the base: "/payments/17"
  query: URLSearchParams;
}

export function match(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split('/').filter(Boolean);
  const given = path.split('/').filter(Boolean);
  if (wanted.length !== given.length) {
    return null;
  }
  const params: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    const text = given[i] ?? '';
    if (part.startsWith(':')) {
      try {
        params[part.slice(1)] = decodeURIComponent(text);
      } catch {
        return null;
      }
    } else if (part !== text) {
      return null;
    }
  }
  return params;
}

export function placeOf(url: URL): Place {
  return { path: url.pathname.slice(BASE.length) || '/', query: url.searchParams };
}

let moves = 0;
// Has a link been followed since the page was loaded?
export const moved = () => moves > 0;

export const place = store<Place>(placeOf(new URL(location.href)));

export function href(path: string, query?: Record<string, string | undefined>): string {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value) {
      asked.set(name, value);
    }
  }
  const text = asked.toString();
  return BASE + (path === '/' ? '' : path) + (text ? `?${text}` : '');
}

// `replace`: without a step of its own in the browser's history, as for filters.
export function go(path: string, query?: Record<string, string | undefined>, replace = false): void {
  history[replace ? 'replaceState' : 'pushState'](null, '', href(path, query));
  if (!replace) {
    moves++;
  }
  place.set(placeOf(new URL(location.href)));
  if (!replace) {
    scrollTo(0, 0);
  }
}

// Plain clicks on our own links stay in the page.
function onClick(event: MouseEvent): void {
  const link = (event.target as Element).closest?.('a');
  if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey
    || link.target || link.hasAttribute('download') || link.origin !== location.origin) {
    return;
  }
  const url = new URL(link.href);
  const ours = url.pathname === BASE || url.pathname.startsWith(`${BASE}/`);
  if (!ours || url.pathname.startsWith(`${BASE}/api/`) || (url.hash && url.pathname === location.pathname)) {
    return;
  }
  event.preventDefault();
  history.pushState(null, '', url);
  moves++;
  place.set(placeOf(url));
  scrollTo(0, 0);
}

export function routeStart(): void {
  document.addEventListener('click', onClick);
  addEventListener('popstate', () => place.set(placeOf(new URL(location.href))));
}
