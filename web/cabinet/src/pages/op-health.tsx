// The operator's start: what works, what does not, and what waits for a person.
import type { ComponentChildren } from 'preact';
import { get, type Got } from '../api';
import { number } from '../format';
import { Button } from '../parts/button';
import { Load, useLoad } from '../parts/load';
import { Badge, Card, Empty, Notice, Page, type Tone } from '../parts/surface';
import { Table } from '../parts/table';
import { Money, Time } from '../parts/value';
import { href } from '../route';
import { t } from '../text';
import '../style/op.css';

type Health = Got<'/op/health'>;
type Wallet = Health['wallets'][number];

const TONES: Record<Wallet['state'], Tone> = { good: 'good', being_tried: 'warn', out_of_use: 'bad', not_seen: 'plain', off: 'plain' };
// As the wallets write themselves.
const NAMES: Record<string, string> = { bkash: 'bKash', nagad: 'Nagad', rocket: 'Rocket' };
export const walletName = (code: string) => NAMES[code] ?? code;

export default function OpHealth() {
  const health = useLoad(() => get('/op/health'), []);
  return (
    <Page title={t('op.title')} lead={t('op.lead')} actions={<Button icon="again" onClick={health.reload} testId="again">{t('op.again')}</Button>}>
      <Load of={health}>{(data) => <Glance data={data} />}</Load>
    </Page>
  );
}

function Glance({ data }: { data: Health }) {
  return (
    <div class="stack wide">
      {data.store !== 'good' && <Notice tone="bad"><p><b>{t(`op.store_${data.store}`)}</b></p><p>{t('op.store_hint')}</p></Notice>}
      <ul class="counts">
        <Count n={data.waiting.received} text={t('op.received')} to="/operator/received" />
        <Count n={data.waiting.sms} text={t('op.sms')} to="/operator/sms" />
        <Count n={data.waiting.doubts} text={t('op.doubts')} to="/operator/doubts" />
        <Count n={data.waiting.notifications} text={t('op.notifications')} />
      </ul>
      <Card title={t('op.wallets')} lead={t('op.wallets_lead')} flush>
        {data.wallets.length === 0 ? <Empty icon="wallet" title={t('op.wallets_none')} /> : <Wallets items={data.wallets} />}
      </Card>
      <Card title={t('op.numbers')} flush>
        {data.numbers.length === 0 ? <Empty icon="phone" title={t('op.numbers_none')} /> : <Numbers items={data.numbers} />}
      </Card>
      {data.devices.length > 0 && <Card title={t('op.devices')} flush><Devices items={data.devices} /></Card>}
    </div>
  );
}

function Count({ n, text, to }: { n: number; text: string; to?: string }) {
  const inside: ComponentChildren = <><b class="tabular">{number(n)}</b><span>{text}</span></>;
  return <li class={n > 0 && to ? 'wanted' : undefined}>{to ? <a href={href(to)}>{inside}</a> : <div>{inside}</div>}</li>;
}

function Wallets({ items }: { items: Health['wallets'] }) {
  return (
    <Table caption={t('op.wallets')} items={items} id={(item) => item.id} columns={[
      { label: t('op.wallet'), place: 'head', show: (item) => <><b>{walletName(item.wallet)}</b><div class="soft small">{item.name}</div></> },
      { label: t('op.state'), show: (item) => <Badge tone={TONES[item.state]}>{t(`op.state_${item.state}`)}</Badge> },
      { label: t('op.reason'), show: (item) => (item.reason ? <><code>{item.reason}</code> <Time at={item.since} /></> : <span class="soft">{t('op.none')}</span>) },
      { label: t('op.account'), show: (item) => item.account ? <code class="small">{item.account}</code> : t('op.shared') },
    ]} />
  );
}

function Numbers({ items }: { items: Health['numbers'] }) {
  return (
    <Table caption={t('op.numbers')} items={items} id={(item) => item.id} columns={[
      { label: t('op.number'), place: 'head', show: (item) => <><b class="tabular">{item.number}</b><div class="soft small">{walletName(item.wallet)} · {t(`op.kind_${item.kind}`)}</div></> },
      {
        label: t('op.state'),
        show: (item) => (item.enabled ? <Badge tone={item.silent ? 'bad' : 'good'}>{t(item.silent ? 'op.silent' : 'op.heard')}</Badge> : <Badge>{t('op.state_off')}</Badge>),
      },
      { label: t('op.seen'), show: (item) => <Time at={item.seen_at} /> },
      { label: t('op.balance'), end: true, show: (item) => (item.balance_poisha === null ? <span class="soft">{t('op.not_known')}</span> : <Money poisha={item.balance_poisha} />) },
    ]} />
  );
}

function Devices({ items }: { items: Health['devices'] }) {
  return (
    <Table caption={t('op.devices')} items={items} id={(item) => item.id} columns={[
      { label: t('op.device'), place: 'head', show: (item) => <><b>{item.name}</b>{item.model && <div class="soft small">{item.model}</div>}</> },
      { label: t('op.state'), show: (item) => <Badge tone={item.enabled ? 'good' : 'plain'}>{t(item.enabled ? 'op.device_on' : 'op.state_off')}</Badge> },
      { label: t('op.seen'), show: (item) => <Time at={item.seen_at} /> },
      { label: t('op.synced'), show: (item) => <Time at={item.synced_at} /> },
    ]} />
  );
}
