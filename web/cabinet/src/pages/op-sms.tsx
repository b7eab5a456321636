// SMS that Kassa could not use by itself. The words are the payer's and the wallet's: shown, never drawn as anything else.
import { get } from '../api';
import { Load, useLoad } from '../parts/load';
import { Badge, Card, Empty, Notice, Page } from '../parts/surface';
import { Table } from '../parts/table';
import { Time } from '../parts/value';
import { t } from '../text';

export default function OpSms() {
  const list = useLoad(() => get('/op/sms'), []);
  return (
    <Page title={t('op_sms.title')} lead={t('op_sms.lead')} back={{ to: '/operator', text: t('op.title') }}>
      <Load of={list}>{(data) => (
        <div class="stack">
          <Card flush>
            {data.items.length === 0 ? <Empty icon="good" title={t('op_sms.none')} /> : (
              <Table caption={t('op_sms.title')} items={data.items} id={(item) => item.id} columns={[
                { label: t('op_sms.sender'), place: 'head', show: (item) => <><b>{item.sender}</b><div class="soft small">#{item.id} · <Time at={item.happened_at} /></div></> },
                { label: t('op_sms.why'), show: (item) => <><Badge tone="warn">{t(`op_sms.state_${item.state}`)}</Badge>{item.why && <div class="soft small">{item.why}</div>}</> },
                { label: t('op_sms.text'), show: (item) => <span class="words">{item.text}</span> },
                { label: t('op_received.trx_id'), show: (item) => (item.trx_id ? <code>{item.trx_id}</code> : <span class="soft">{t('op.not_known')}</span>) },
              ]} />
            )}
          </Card>
          {data.more && <Notice>{t('op_received.more')}</Notice>}
        </div>
      )}</Load>
    </Page>
  );
}
