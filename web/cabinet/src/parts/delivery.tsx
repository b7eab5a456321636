// What an endpoint was sent: a row for each notification, the tries of one, and sending it again.
import { useState } from 'preact/hooks';
import { get, post, type Got } from '../api';
import { duration } from '../format';
import { may } from '../session';
import { t, tMaybe, tn } from '../text';
import { Button } from './button';
import { Confirm, Dialog } from './dialog';
import { SelectField } from './field';
import { Load, useList, useLoad } from './load';
import { say } from './say';
import { Badge, Card, Empty, type Tone } from './surface';
import { Table } from './table';
import { Money, Time } from './value';

type Notification = Got<'/endpoints/{id}/deliveries'>['items'][number];

const TONES: Record<Notification['state'], Tone> = { delivered: 'good', waiting: 'info', parked: 'bad' };
const STATES = ['', 'delivered', 'waiting', 'parked'] as const;

// What came of one request to a receiver.
export function Outcome({ status, error }: { status: number; error: string | null }) {
  return status ? <Badge tone={status >= 200 && status < 300 ? 'good' : 'bad'}>{status}</Badge>
    : <Badge tone="bad">{error ? tMaybe(`delivery.error_${error}`) ?? error : t('delivery.no_answer')}</Badge>;
}

export function Reply({ text }: { text: string | null }) {
  return text ? <pre class="small" tabIndex={0} aria-label={t('delivery.reply')}>{text}</pre> : null;
}

export function Log({ endpoint }: { endpoint: string }) {
  const [state, setState] = useState<string>('');
  const list = useList((after) => get('/endpoints/{id}/deliveries', {
    path: { id: endpoint }, query: { after, limit: 20, ...(state && { state: state as Notification['state'] }) },
  }), [endpoint, state]);
  const [shown, setShown] = useState<Notification | null>(null);
  const [again, setAgain] = useState<Notification | null>(null);
  const mayAct = may('payment_act');
  return (
    <Card title={t('delivery.title')} lead={t('delivery.lead')} flush testId="deliveries" actions={(
      <>
        <SelectField name="state" label={t('delivery.state')} value={state} onInput={setState}
          options={STATES.map((one) => ({ value: one, label: one ? t(`delivery.state_${one}`) : t('delivery.all') }))} />
        <Button small icon="again" onClick={list.reload} testId="reload">{t('delivery.reload')}</Button>
      </>
    )}>
      <Load of={list}>{(items) => (items.length === 0 && !list.more ? <Empty icon="send" title={t('delivery.none')} /> : (
        <Table caption={t('delivery.title')} items={items} id={(item) => item.id} onMore={list.more} moreBusy={list.moreBusy} columns={[
          { label: t('delivery.order'), place: 'head', show: (item) => <><b>{item.order_id}</b><div class="soft small"><Time at={item.created_at} /></div></> },
          { label: t('delivery.told'), show: (item) => <>{item.payment_status} · <Money poisha={item.payment_amount_poisha} /></> },
          { label: t('delivery.state'), show: (item) => (
            <>
              <Badge tone={TONES[item.state]}>{t(`delivery.state_${item.state}`)}</Badge>
              {item.parked_reason && <div class="soft small">{tMaybe(`delivery.parked_${item.parked_reason}`) ?? item.parked_reason}</div>}
            </>
          ) },
          { label: t('delivery.tries'), end: true, show: (item) => tn('delivery.times', item.tries) },
          { label: t('common.actions'), end: true, place: 'tail', show: (item) => (
            <div class="actions end">
              <Button small onClick={() => setShown(item)} testId="tries">{t('delivery.log')}</Button>
              {mayAct && item.state !== 'waiting' && <Button small icon="send" onClick={() => setAgain(item)} testId="resend">{t('delivery.again')}</Button>}
            </div>
          ) },
        ]} />
      ))}</Load>
      {shown && <Tries id={shown.id} order={shown.order_id} onClose={() => setShown(null)} />}
      {again && (
        <Confirm title={t('delivery.again')} yes={t('delivery.again')} onClose={() => setAgain(null)} onYes={async () => {
          await post('/notifications/{id}/resend', {}, { path: { id: again.id } });
          say(t('delivery.sent_again'));
          list.reload();
        }}>
          <p>{t('delivery.again_hint')}</p>
        </Confirm>
      )}
    </Card>
  );
}

function Tries({ id, order, onClose }: { id: string; order: string; onClose(): void }) {
  const log = useLoad(() => get('/notifications/{id}', { path: { id } }), [id]);
  return (
    <Dialog title={order} wide onClose={onClose} testId="tries-dialog">
      <Load of={log}>{(data) => (
        <div class="stack">
          <p class="mono small">{data.webhook_id}</p>
          {data.log.length === 0 && <p class="soft">{t('delivery.no_tries')}</p>}
          {data.log.map((one) => (
            <div class="stack tight" key={one.number}>
              <div class="row"><Outcome status={one.status} error={one.error} /><Time at={one.at} seconds /><span class="soft">{duration(one.duration_ms)}</span></div>
              <div class="mono small soft">{one.url}</div>
              <Reply text={one.reply} />
            </div>
          ))}
        </div>
      )}</Load>
    </Dialog>
  );
}
