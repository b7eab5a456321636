// Payments at a wallet whose end nobody knows yet. Kassa goes on asking; what it gives up is for a person.
import { get } from '../api';
import { Load, useLoad } from '../parts/load';
import { Badge, Card, Empty, Notice, Page } from '../parts/surface';
import { Table } from '../parts/table';
import { Money } from '../parts/value';
import { href } from '../route';
import { t } from '../text';
import { walletName } from './op-health';

export default function OpDoubts() {
  const list = useLoad(() => get('/op/doubts'), []);
  return (
    <Page title={t('op_doubts.title')} lead={t('op_doubts.lead')} back={{ to: '/operator', text: t('op.title') }}>
      <Load of={list}>{(data) => (
        <div class="stack">
          <Card flush>
            {data.items.length === 0 ? <Empty icon="good" title={t('op_doubts.none')} /> : (
              <Table caption={t('op_doubts.title')} items={data.items} id={(item) => item.id} columns={[
                { label: t('op_doubts.payment'), place: 'head', show: (item) => <a href={href(`/payments/${item.payment_id}`)}>{item.payment_id}</a> },
                { label: t('op.wallet'), show: (item) => walletName(item.wallet) },
                { label: t('op.state'), show: (item) => <Badge tone={item.state === 'review' ? 'bad' : 'warn'}>{t(`op_doubts.state_${item.state}`)}</Badge> },
                { label: t('op_received.money'), end: true, show: (item) => <Money poisha={item.amount_poisha} /> },
              ]} />
            )}
          </Card>
          {data.more && <Notice>{t('op_received.more')}</Notice>}
        </div>
      )}</Load>
    </Page>
  );
}
