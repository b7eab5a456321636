import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { href, moved } from '../route';
import { t } from '../text';
import { Icon, type IconName } from './icon';

export type Tone = 'plain' | 'good' | 'warn' | 'bad' | 'info';

// A page's frame: its heading gets the focus when it was come to by a link, and is the window's title.
export function Page({ title, lead, back, actions, children }: {
  title: string; lead?: ComponentChildren; back?: { to: string; text: string }; actions?: ComponentChildren; children: ComponentChildren;
}) {
  useTitle(title);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (moved()) {
      heading.current?.focus({ preventScroll: true });
    }
  }, []);
  return (
    <div class="page">
      <header>
        <div>
          {back && <a class="back" href={href(back.to)}><Icon name="back" />{back.text}</a>}
          <h1 ref={heading} tabIndex={-1}>{title}</h1>
          {lead && <p>{lead}</p>}
        </div>
        {actions && <div class="actions">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

export function useTitle(title: string): void {
  useEffect(() => { document.title = `${title} · ${t('common.product')}`; }, [title]);
}

// `flush`: what is inside goes to the edges, as tables do.
export function Card({ title, lead, actions, flush, children, testId }: {
  title?: string; lead?: ComponentChildren; actions?: ComponentChildren; flush?: boolean; children: ComponentChildren; testId?: string;
}) {
  const id = useId();
  return (
    <section class="card" aria-labelledby={title ? id : undefined} data-testid={testId}>
      {title && (
        <header>
          <div><h2 id={id}>{title}</h2>{lead && <p class="soft small">{lead}</p>}</div>
          {actions && <div class="actions">{actions}</div>}
        </header>
      )}
      <div class={flush ? 'flush' : 'body'}>{children}</div>
    </section>
  );
}

const TONE_ICONS: Record<Tone, IconName> = { plain: 'info', info: 'info', good: 'good', warn: 'warn', bad: 'bad' };

export function Notice({ tone = 'info', title, children }: { tone?: Tone; title?: string; children?: ComponentChildren }) {
  return (
    <div class={`notice ${tone}`}>
      <Icon name={TONE_ICONS[tone]} />
      <div>{title && <h3>{title}</h3>}{children}</div>
    </div>
  );
}

export function Badge({ tone = 'plain', children }: { tone?: Tone; children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}

export function Empty({ icon, title, children, actions }: { icon: IconName; title: string; children?: ComponentChildren; actions?: ComponentChildren }) {
  return (
    <div class="empty">
      <Icon name={icon} />
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {actions && <div class="actions">{actions}</div>}
    </div>
  );
}

// Names and values of one thing. Rows that are null are left out.
export function Facts({ rows }: { rows: readonly ([string, ComponentChildren] | null | undefined | false)[] }) {
  return (
    <dl class="facts">
      {rows.map((row) => row && [<dt key={`${row[0]}-name`}>{row[0]}</dt>, <dd key={row[0]}>{row[1]}</dd>])}
    </dl>
  );
}
