// THE table of pages: a row adds an address, who may open it, and its place in the navigation. Pages are fetched when they are opened.
import type { FunctionComponent } from 'preact';
import type { Action } from './gen/role';
import type { IconName } from './parts/icon';
import type { TextKey } from './text';

export interface PageProps {
  params: Record<string, string>; // the :names of the address
  query: URLSearchParams;
}

export type PageComponent = FunctionComponent<PageProps>;
type Group = 'money' | 'setup' | 'operator' | 'people';

export interface PageRow {
  path: string;
  action: Action;
  load(): Promise<{ default: PageComponent }>;
  // For whom; both unless told otherwise.
  side?: 'merchant' | 'operator';
  nav?: { group: Group; text: TextKey; icon: IconName };
}

export const GROUPS: readonly Group[] = ['money', 'setup', 'operator', 'people'];

// In the order of the navigation. The first that somebody may open is what /cabinet shows.
export const PAGES: readonly PageRow[] = [
  {
    path: '/operator', action: 'op_see', side: 'operator', load: () => import('./pages/op-health'),
    nav: { group: 'operator', text: 'op.menu', icon: 'health' },
  },
  {
    path: '/operator/received', action: 'op_queue', side: 'operator', load: () => import('./pages/op-received'),
    nav: { group: 'operator', text: 'op_received.title', icon: 'queue' },
  },
  { path: '/operator/sms', action: 'op_queue', side: 'operator', load: () => import('./pages/op-sms') },
  { path: '/operator/doubts', action: 'op_see', side: 'operator', load: () => import('./pages/op-doubts') },
  { path: '/overview', action: 'payment_see', load: () => import('./pages/overview'), nav: { group: 'money', text: 'overview.title', icon: 'overview' } },
  { path: '/payments', action: 'payment_see', load: () => import('./pages/payments'), nav: { group: 'money', text: 'payments.title', icon: 'payments' } },
  { path: '/payments/:id', action: 'payment_see', load: () => import('./pages/payment') },
  { path: '/balance', action: 'balance_see', load: () => import('./pages/balance'), nav: { group: 'money', text: 'balance.title', icon: 'balance' } },
  { path: '/balance/statement', action: 'balance_see', load: () => import('./pages/statement') },
  { path: '/start', action: 'account_see', load: () => import('./pages/start'), nav: { group: 'setup', text: 'start.title', icon: 'test' } },
  { path: '/accounts', action: 'account_see', load: () => import('./pages/accounts'), nav: { group: 'setup', text: 'account.title', icon: 'account' } },
  { path: '/certs', action: 'account_see', load: () => import('./pages/certs'), nav: { group: 'setup', text: 'cert.title', icon: 'key' } },
  { path: '/redirects', action: 'account_see', load: () => import('./pages/redirects'), nav: { group: 'setup', text: 'redirect.title', icon: 'redirect' } },
  { path: '/endpoints', action: 'account_see', load: () => import('./pages/endpoints'), nav: { group: 'setup', text: 'endpoint.title', icon: 'bell' } },
  { path: '/endpoints/:id', action: 'account_see', load: () => import('./pages/endpoint') },
  {
    path: '/people', action: 'people_see', load: () => import('./pages/people'),
    nav: { group: 'people', text: 'people.title', icon: 'people' },
  },
  { path: '/doctor', action: 'doctor', load: () => import('./pages/doctor'), nav: { group: 'setup', text: 'doctor.title', icon: 'doctor' } },
  { path: '/changes', action: 'log_see', load: () => import('./pages/changes'), nav: { group: 'people', text: 'log.title', icon: 'log' } },
  { path: '/profile', action: 'own', load: () => import('./pages/profile') },
];

// What is shown to who is not signed in. An invitation is for somebody new, whoever may be signed in here.
export const GATE = {
  sign_in: { path: '/', load: () => import('./pages/sign-in') },
  invitation: { path: '/invitation', load: () => import('./pages/invitation') },
};
