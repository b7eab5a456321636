// Money that numbers received and no payment claimed: one person asks, another confirms.
import { useState } from 'preact/hooks';
import { ApiError, get, post, type Got } from '../api';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { Field, SelectField } from '../parts/field';
import { Form, useForm } from '../parts/form';
import { Load, useLoad } from '../parts/load';
import { say } from '../parts/say';
import { Badge, Card, Empty, Facts, Notice, Page, type Tone } from '../parts/surface';
import { Table } from '../parts/table';
import { Money, Time } from '../parts/value';
import { href } from '../route';
import { may, session } from '../session';
import { t } from '../text';
import { walletName } from './op-health';

type Received = Got<'/op/received'>['items'][number];
type What = 'attach' | 'release' | 'void' | 'confirm' | 'mark';

const TONES: Record<Received['state'], Tone> = { free: 'info', claimed: 'good', review: 'warn', late: 'warn', marked: 'plain', void: 'bad' };
const PATHS = {
  attach: '/op/received/{received_id}/attach', release: '/op/received/{received_id}/release', void: '/op/received/{received_id}/void',
  confirm: '/op/received/{received_id}/confirm', mark: '/op/received/{received_id}/mark',
} as const;

export default function OpReceived() {
  const list = useLoad(() => get('/op/received'), []);
  const [doing, setDoing] = useState<{ what: What; item: Received } | null>(null);
  return (
    <Page title={t('op_received.title')} lead={t('op_received.lead')} back={{ to: '/operator', text: t('op.title') }}>
      <Load of={list}>{(data) => (
        <div class="stack">
          <Card flush>
            {data.items.length === 0 ? <Empty icon="good" title={t('op_received.none')}>{t('op_received.none_hint')}</Empty> : (
              <Rows items={data.items} onDo={(what, item) => setDoing({ what, item })} />
            )}
          </Card>
          {data.more && <Notice>{t('op_received.more')}</Notice>}
        </div>
      )}</Load>
      {doing && <Decide first={doing.what} item={doing.item} onClose={() => setDoing(null)} onDone={(what) => {
        setDoing(null);
        list.reload();
        say(t(`op_received.done_${what}`));
      }} onStale={list.reload} />}
    </Page>
  );
}

function Rows({ items, onDo }: { items: Received[]; onDo(what: What, item: Received): void }) {
  return (
    <Table caption={t('op_received.title')} items={items} id={(item) => item.id} columns={[
      { label: t('op_received.money'), place: 'head', show: (item) => <><b><Money poisha={item.amount_poisha} /></b><div class="soft small">{walletName(item.wallet)} · <code>{item.trx_id}</code></div></> },
      { label: t('op.state'), show: (item) => <><Badge tone={TONES[item.state]}>{t(`op_received.state_${item.state}`)}</Badge>{item.reason && <div class="soft small">{item.reason}</div>}</> },
      { label: t('op_received.payer'), show: (item) => item.payer ?? <span class="soft">{t('op.not_known')}</span> },
      { label: t('op_received.at'), show: (item) => <Time at={item.received_at} /> },
      { label: t('op_received.asked'), show: (item) => <Asked item={item} /> },
      { label: t('common.actions'), end: true, place: 'tail', show: (item) => <Actions item={item} onDo={onDo} /> },
    ]} />
  );
}

function Asked({ item }: { item: Received }) {
  if (!item.asked_by) {
    return <span class="soft">{t('op.none')}</span>;
  }
  return (
    <>
      {item.asked_void ? t('op_received.asked_void') : item.asked_payment_id
        ? <a href={href(`/payments/${item.asked_payment_id}`)}>{t('op_received.asked_attach', { id: item.asked_payment_id })}</a> : t('op_received.asked_release')}
      <div class="soft small words">{item.asked_by}</div>
    </>
  );
}

function Actions({ item, onDo }: { item: Received; onDo(what: What, item: Received): void }) {
  const own = item.asked_by === session.get()?.person?.email;
  return (
    <div class="actions end">
      {item.asked_by && !own && may('op_decide') && <Button small look="primary" onClick={() => onDo('confirm', item)} testId="confirm">{t('op_received.confirm')}</Button>}
      <Button small onClick={() => onDo('attach', item)} testId="decide-open">{t('op_received.decide')}</Button>
    </div>
  );
}

// Says what it confirms, so that nobody confirms what was changed meanwhile.
const asked = (item: Received) => ({ payment_id: item.asked_payment_id, void: item.asked_void, sms_id: item.asked_sms_id });

// What one person may ask for, or decide alone.
const choices = (item: Received): What[] => [
  'attach', ...(item.state === 'review' ? ['release' as const] : []), 'void', ...(may('op_decide') && item.state !== 'marked' ? ['mark' as const] : []),
];

function Decide({ first, item, onClose, onDone, onStale }: { first: What; item: Received; onClose(): void; onDone(what: What): void; onStale(): void }) {
  const form = useForm({ what: first as string, payment_id: '', sms_id: '', reason: '' }, async ({ payment_id, sms_id, reason }) => {
    const body = what === 'confirm' ? { ...asked(item), reason } : what === 'void' ? { sms_id: sms_id.trim() || null, reason } : { payment_id: payment_id.trim(), reason };
    try {
      await post(PATHS[what], body as never, { path: { received_id: item.id } });
    } catch (error) {
      if (error instanceof ApiError && error.code === 'stale') {
        onStale();
      }
      throw error;
    }
    onDone(what);
  });
  const what = form.values.what as What;
  return (
    <Dialog title={t(first === 'confirm' ? 'op_received.confirm' : 'op_received.decide')} onClose={onClose} locked={form.busy} testId="decide">
      <Facts rows={[
        [t('op_received.money'), <Money key="money" poisha={item.amount_poisha} />],
        [t('op_received.trx_id'), <code key="trx">{item.trx_id}</code>],
        what === 'confirm' && [t('op_received.asked'), <Asked key="asked" item={item} />],
      ]} />
      <Form form={form}>
        {first !== 'confirm' && <SelectField {...form.field('what')} label={t('op_received.what')}
          options={choices(item).map((value) => ({ value, label: t(`op_received.${value}`) }))} />}
        <p>{t(`op_received.sure_${what}`)}</p>
        {what === 'attach' && <Field {...form.field('payment_id')} label={t('op_received.payment_id')} inputMode="numeric" hint={t('op_received.payment_hint')} />}
        {what === 'void' && <Field {...form.field('sms_id')} label={t('op_received.sms_id')} inputMode="numeric" optional hint={t('op_received.sms_hint')} />}
        <Field {...form.field('reason')} label={t('op_received.why')} maxLength={500} hint={t('op_received.why_hint')} />
        <div class="actions end">
          <Button onClick={onClose} disabled={form.busy}>{t('common.cancel')}</Button>
          <Button type="submit" look={what === 'void' ? 'danger' : 'primary'} busy={form.busy} testId="yes">{t(`op_received.${what}`)}</Button>
        </div>
      </Form>
    </Dialog>
  );
}
