// What is shown: the gate to who is not (wholly) signed in, else the frame with the page of the address.
import { Component, type ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ended, reach } from './api';
import { Gate } from './pages/gate';
import { GATE, GROUPS, PAGES, type PageComponent, type PageRow } from './pages';
import { Button, ButtonLink, IconButton } from './parts/button';
import { Failure } from './parts/form';
import { Icon, Mark } from './parts/icon';
import { Bones } from './parts/load';
import { Said } from './parts/say';
import { Empty, Page } from './parts/surface';
import { Switches } from './parts/switches';
import { href, match, place } from './route';
import { isOperator, may, session, sessionRead } from './session';
import { useStore } from './store';
import { t, useLanguage } from './text-hooks';

const mine = (row: PageRow) => may(row.action) && (!row.side || (row.side === 'operator') === isOperator());

interface Found {
  row: Pick<PageRow, 'path' | 'load'>;
  params: Record<string, string>;
}

function find(path: string): Found | null {
  if (path === '/') {
    const row = PAGES.find((candidate) => mine(candidate) && !candidate.path.includes(':'));
    return row ? { row, params: {} } : null;
  }
  for (const row of PAGES) {
    const params = mine(row) ? match(row.path, path) : null;
    if (params) {
      return { row, params };
    }
  }
  return null;
}

const loaded = new Map<Found['row'], PageComponent>();

function Outlet({ found }: { found: Found }) {
  const { query } = useStore(place);
  const [, redraw] = useState(0);
  const [failed, setFailed] = useState(false);
  const Shown = loaded.get(found.row);
  useEffect(() => {
    if (Shown) {
      return;
    }
    setFailed(false);
    found.row.load().then((module: { default: PageComponent } | undefined) => {
      // none: the page is loaded anew (main.tsx)
      if (module) {
        loaded.set(found.row, module.default);
        redraw((n) => n + 1);
      }
    }, () => setFailed(true));
  }, [found.row]);
  if (failed) {
    return <Broken />;
  }
  return Shown ? <Shown key={JSON.stringify(found.params)} params={found.params} query={query} /> : <div class="page"><Bones tall /></div>;
}

function Broken() {
  return (
    <div class="page">
      <Empty icon="warn" title={t('shell.broken')} actions={<Button icon="again" onClick={() => location.reload()}>{t('common.reload')}</Button>}>
        {t('shell.broken_hint')}
      </Empty>
    </div>
  );
}

// A page with a fault of its own takes nothing else with it.
class Guard extends Component<{ children: ComponentChildren }, { broken: boolean }> {
  state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  componentDidCatch(error: unknown) {
    console.error(error);
  }

  render() {
    return this.state.broken ? <Broken /> : this.props.children;
  }
}

function NotFound() {
  return (
    <Page title={t('shell.not_found')}>
      <div class="card">
        <Empty icon="search" title={t('shell.not_found_hint')} actions={<ButtonLink href={href('/')} look="primary">{t('shell.home')}</ButtonLink>} />
      </div>
    </Page>
  );
}

function Nav({ current }: { current: Found['row'] | undefined }) {
  // A page without a place of its own belongs to the one above it.
  const placed = PAGES.some((row) => row.nav && row === current);
  const under = (row: PageRow) => current && (placed ? row === current : current.path.startsWith(`${row.path}/`));
  const list = useRef<HTMLElement>(null);
  useEffect(() => { list.current?.querySelector('[aria-current=page]')?.scrollIntoView({ block: 'nearest' }); }, [current]);
  return (
    <nav class="nav" aria-label={t('shell.nav')} ref={list}>
      {GROUPS.map((group) => {
        const rows = PAGES.filter((row) => row.nav?.group === group && mine(row));
        return rows.length > 0 && (
          <div key={group}>
            <h2>{t(`shell.group_${group}`)}</h2>
            <ul>
              {rows.map((row) => row.nav && (
                <li key={row.path}>
                  <a href={href(row.path)} aria-current={under(row) ? 'page' : undefined}><Icon name={row.nav.icon} />{t(row.nav.text)}</a>
                </li>
              ))}
            </ul>
          </div>
        );
      })}
    </nav>
  );
}

function Brand() {
  const merchant = session.get()?.merchant?.name;
  return <a class="brand" href={href('/')}><Mark /><span>{t('common.product')}<small>{merchant ?? t('shell.operator')}</small></span></a>;
}

function Side({ open, onClose, current }: { open: boolean; onClose(): void; current: Found['row'] | undefined }) {
  const person = session.get()?.person;
  return (
    <aside class={`side drawer${open ? ' open' : ''}`} id="side" aria-label={t('shell.side')}>
      <header>
        <Brand />
        <span class="close"><IconButton icon="close" label={t('shell.nav_close')} onClick={onClose} /></span>
      </header>
      {session.get()?.sandbox && <p class="sandbox">{t('shell.sandbox')}</p>}
      <Nav current={current} />
      <div class="who">
        <a href={href('/profile')} aria-current={current?.path === '/profile' ? 'page' : undefined} data-testid="me">
          <span class="face" aria-hidden="true">{[...(person?.name ?? '?')][0]}</span>
          <div><b>{person?.name}</b><span>{person && t(`role.${person.role}`)}</span></div>
        </a>
        <Switches />
      </div>
    </aside>
  );
}

function Shell() {
  const { path } = useStore(place);
  const [open, setOpen] = useState(false);
  const found = find(path);
  useEffect(() => setOpen(false), [path]);
  useEffect(() => {
    if (!open) {
      return undefined;
    }
    document.querySelector<HTMLElement>('#side .close button')?.focus();
    const onKey = (event: KeyboardEvent) => event.key === 'Escape' && setOpen(false);
    document.addEventListener('keydown', onKey);
    return () => {
      document.removeEventListener('keydown', onKey);
      document.querySelector<HTMLElement>('[data-testid=menu]')?.focus();
    };
  }, [open]);
  return (
    <div class="shell">
      <a class="skip" href="#main">{t('shell.skip')}</a>
      <header class="top">
        <Brand />
        <IconButton icon="menu" label={t('shell.nav_open')} expanded={open} onClick={() => setOpen(true)} testId="menu" />
      </header>
      <Side open={open} onClose={() => setOpen(false)} current={found?.row} />
      {open && <div class="veil" onClick={() => setOpen(false)} />}
      <main id="main" tabIndex={-1}>
        <Band />
        <Guard key={path}>{found ? <Outlet found={found} /> : <NotFound />}</Guard>
      </main>
    </div>
  );
}

// The network or the service is away: what is shown may be old.
function Band() {
  const state = useStore(reach);
  return <div role="status">{state !== 'ok' && <p class="band" data-testid="band"><Icon name="warn" />{t(`shell.${state}`)}</p>}</div>;
}

// Before anything is known of the session.
function Unreached({ error }: { error: unknown }) {
  const [now, setNow] = useState(error);
  const [busy, setBusy] = useState(false);
  const again = async () => {
    setBusy(true);
    try {
      await sessionRead();
    } catch (next) {
      setNow(next);
    }
    setBusy(false);
  };
  useEffect(() => {
    const retry = () => void again();
    addEventListener('online', retry);
    return () => removeEventListener('online', retry);
  }, []);
  return (
    <Gate title={t('shell.unreached')}>
      <Failure error={now} />
      <Button look="primary" icon="again" busy={busy} onClick={() => void again()} testId="again">{t('common.again')}</Button>
    </Gate>
  );
}

export function App({ failed }: { failed: unknown }) {
  useLanguage(); // all is drawn again in another language, and keeps what was typed
  const known = useStore(session);
  const over = useStore(ended);
  const { path } = useStore(place);
  const inside = known?.stage === 'full' && !over;
  const gate = GATE.invitation.path === path ? GATE.invitation : GATE.sign_in;
  return (
    <>
      {known === null ? <Unreached error={failed} />
        : inside && gate === GATE.sign_in ? <Shell /> : <Outlet key={gate.path} found={{ row: gate, params: {} }} />}
      <Said />
    </>
  );
}
