// The audit log: who changed what, and the file that proves itself.
import { get, address, type Got } from '../api';
import { dayStart } from '../format';
import { ButtonLink } from '../parts/button';
import { Field, SelectField } from '../parts/field';
import { Load, useList } from '../parts/load';
import { Card, Empty, Page } from '../parts/surface';
import { Table } from '../parts/table';
import { Copy, Time } from '../parts/value';
import { go } from '../route';
import { isOperator } from '../session';
import { t, tMaybe, tn } from '../text';
import type { PageProps } from '../pages';

type Row = Got<'/audit-log'>['items'][number];

const ABOUT = ['cert', 'endpoint', 'redirect', 'account', 'person', 'payment', 'refund', 'credit', 'notification'] as const;
const ABOUT_OPERATOR = [...ABOUT, 'merchant', 'wallet', 'number', 'device', 'received'] as const;
const DAY_MS = 86_400_000;
const VERIFY = 'kassa audit-log verify kassa-audit-log.jsonl';

export default function Changes({ query }: PageProps) {
  const about = query.get('about') ?? '';
  const from = query.get('from') ?? '';
  const until = query.get('until') ?? '';
  const start = dayStart(from);
  const end = dayStart(until);
  const rows = useList((after) => get('/audit-log', { query: { after, action: about, ...(start && { from: start }), ...(end && { until: end + DAY_MS }) } }), [about, from, until]);
  const filter = (more: Record<string, string>) => go('/changes', { about, from, until, ...more }, true);
  return (
    <Page title={t('log.title')} lead={t('log.lead')}
      actions={<ButtonLink href={address('/audit-log/export')} icon="download" download testId="export">{t('log.download')}</ButtonLink>}>
      <div class="grid">
        <SelectField name="about" label={t('log.about')} value={about} onInput={(value) => filter({ about: value })} options={[
          { value: '', label: t('log.about_all') },
          ...(isOperator() ? ABOUT_OPERATOR : ABOUT).map((noun) => ({ value: noun as string, label: t(`log.about_${noun}`) })),
        ]} />
        <div class="grid">
          <Field name="from" type="date" label={t('log.from')} optional value={from} onInput={(value) => filter({ from: value })} />
          <Field name="until" type="date" label={t('log.until')} optional value={until} onInput={(value) => filter({ until: value })} />
        </div>
      </div>
      <Card flush testId="changes">
        <Load of={rows}>{(items) => (items.length === 0 ? <Empty icon="log" title={t('log.none')} /> : (
          <Table caption={t('log.title')} items={items} id={(item) => item.id} onMore={rows.more} moreBusy={rows.moreBusy} columns={[
            { label: t('log.at'), place: 'head', show: (item) => <Time at={item.at} seconds /> },
            { label: t('log.what'), show: (item) => <><b>{actionText(item.action)}</b><div class="soft small mono">{item.target}</div></> },
            { label: t('log.who'), show: (item) => <>{item.actor}<div class="soft small">{item.client_ip ?? t(item.actor.includes('cli:') ? 'log.command_line' : 'log.by_itself')}</div></> },
            { label: t('log.details'), show: (item) => <Details row={item} /> },
          ]} />
        ))}</Load>
      </Card>
      <Card title={t('log.proof')}>
        <div class="stack">
          <p>{t('log.proof_lead')}</p>
          <Copy text={VERIFY} of={t('log.command')} />
          <p class="soft">{t('log.proof_keep')}</p>
        </div>
      </Card>
    </Page>
  );
}

const actionText = (action: string) => tMaybe(`log.action_${action.replace(/[.-]/g, '_')}`) ?? action;

const shown = (value: unknown) => (value === undefined || value === null ? t('log.nothing') : typeof value === 'string' ? value : JSON.stringify(value));

function Details({ row }: { row: Row }) {
  const was = (row.before ?? {}) as Record<string, unknown>;
  const now = (row.after ?? {}) as Record<string, unknown>;
  const names = [...new Set([...Object.keys(was), ...Object.keys(now)])].filter((name) => JSON.stringify(was[name]) !== JSON.stringify(now[name]));
  if (names.length === 0) {
    return <span class="soft">{t('log.no_details')}</span>;
  }
  return (
    <details>
      <summary>{tn('log.show', names.length)}</summary>
      <dl class="facts">
        {names.map((name) => [
          <dt key={`${name}-name`} class="mono small">{name}</dt>,
          <dd key={name} class="small">
            {row.before && <><span class="unseen">{t('log.was')}: </span><s class="soft">{shown(was[name])}</s> → <span class="unseen">{t('log.now')}: </span></>}
            {shown(now[name])}
          </dd>,
        ])}
      </dl>
    </details>
  );
}
