// Where Kassa tells the shop of its payments.
import { useState } from 'preact/hooks';
import { get, post } from '../api';
import { OfAccount, type Account } from '../parts/account';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { endpointBody, EndpointForm, EndpointState, type EndpointValues } from '../parts/endpoint';
import { useForm } from '../parts/form';
import { Load, useLoad } from '../parts/load';
import { SecretShown, type Told } from '../parts/secret';
import { Badge, Card, Empty, Page } from '../parts/surface';
import { Table } from '../parts/table';
import { Copy } from '../parts/value';
import { href } from '../route';
import { may } from '../session';
import { t } from '../text';

export default function Endpoints() {
  return (
    <Page title={t('endpoint.title')} lead={t('endpoint.lead')}>
      <OfAccount>{(account) => <List account={account} />}</OfAccount>
    </Page>
  );
}

function List({ account }: { account: Account }) {
  const endpoints = useLoad(() => get('/accounts/{uuid}/endpoints', { path: { uuid: account.uuid } }), [account.uuid]);
  const [adding, setAdding] = useState(false);
  const [told, setTold] = useState<Told | null>(null);
  return (
    <Card title={t('endpoint.list')} flush actions={may('endpoint_change') && (
      <Button small look="primary" icon="plus" onClick={() => setAdding(true)} testId="new">{t('endpoint.new')}</Button>
    )}>
      <Load of={endpoints}>{({ items }) => (items.length === 0 ? <Empty icon="bell" title={t('endpoint.none')}>{t('endpoint.none_hint')}</Empty> : (
        <Table caption={t('endpoint.list')} items={items} id={(item) => item.id} linked columns={[
          { label: t('endpoint.name'), place: 'head', show: (item) => (
            <><a class="whole" href={href(`/endpoints/${item.id}`)}>{item.name}</a><div class="soft small mono">{item.url}</div></>
          ) },
          { label: t('endpoint.id'), show: (item) => <Copy text={item.id} of={t('endpoint.id')} /> },
          { label: t('endpoint.mode'), show: (item) => <>{item.mode} · {t('endpoint.set', { n: item.field_set })}</> },
          { label: t('endpoint.state'), show: (item) => (
            <div class="row"><EndpointState endpoint={item} />{item.is_default && <Badge tone="info">{t('endpoint.default')}</Badge>}</div>
          ) },
        ]} />
      ))}</Load>
      {adding && <New account={account} onClose={() => setAdding(false)} onDone={(made) => {
        setAdding(false);
        setTold(made);
        endpoints.reload();
      }} />}
      {told && <SecretShown told={told} onClose={() => setTold(null)} />}
    </Card>
  );
}

function New({ account, onClose, onDone }: { account: Account; onClose(): void; onDone(told: Told): void }) {
  const first: EndpointValues = { name: '', url: '', mode: 'POST_JSON', field_set: '11' };
  const form = useForm(first, async (values) => {
    onDone(await post('/accounts/{uuid}/endpoints', endpointBody(values), { path: { uuid: account.uuid } }));
  });
  return (
    <Dialog title={t('endpoint.new')} onClose={onClose} locked={form.busy} testId="new-dialog"><EndpointForm form={form} onClose={onClose} /></Dialog>
  );
}
