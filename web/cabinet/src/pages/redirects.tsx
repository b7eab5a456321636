// Where payers return, as presets that a request names by their id.
import { useState } from 'preact/hooks';
import { get, post, type Got } from '../api';
import { OfAccount, type Account } from '../parts/account';
import { Button } from '../parts/button';
import { Confirm, Dialog } from '../parts/dialog';
import { Field } from '../parts/field';
import { Form, useForm } from '../parts/form';
import { Load, useLoad } from '../parts/load';
import { say } from '../parts/say';
import { Badge, Card, Empty, Page } from '../parts/surface';
import { Table } from '../parts/table';
import { Copy } from '../parts/value';
import { may } from '../session';
import { t } from '../text';

type Redirect = Got<'/accounts/{uuid}/redirects'>['items'][number];

export default function Redirects() {
  return (
    <Page title={t('redirect.title')} lead={t('redirect.lead')}>
      <OfAccount>{(account) => <List account={account} />}</OfAccount>
    </Page>
  );
}

function List({ account }: { account: Account }) {
  const redirects = useLoad(() => get('/accounts/{uuid}/redirects', { path: { uuid: account.uuid } }), [account.uuid]);
  const [adding, setAdding] = useState(false);
  const [leaving, setLeaving] = useState<Redirect | null>(null);
  const mayChange = may('endpoint_change');
  return (
    <Card title={t('redirect.list')} flush
      actions={mayChange && <Button small look="primary" icon="plus" onClick={() => setAdding(true)} testId="new">{t('redirect.new')}</Button>}>
      <Load of={redirects}>{({ items }) => (items.length === 0 ? <Empty icon="redirect" title={t('redirect.none')}>{t('redirect.none_hint')}</Empty> : (
        <Table caption={t('redirect.list')} items={items} id={(item) => item.id} columns={[
          { label: t('redirect.name'), place: 'head', show: (item) => (
            <><b>{item.name}</b><div class="soft small mono">{item.url}</div></>
          ) },
          { label: t('redirect.id'), show: (item) => <Copy text={item.id} of={t('redirect.id')} /> },
          { label: t('redirect.default'), show: (item) => (
            <div class="row">
              {item.is_success_default && <Badge tone="good">{t('redirect.success')}</Badge>}
              {item.is_fail_default && <Badge tone="warn">{t('redirect.fail')}</Badge>}
            </div>
          ) },
          ...(mayChange ? [{ label: t('common.actions'), end: true, place: 'tail' as const, show: (item: Redirect) => (
            <div class="actions end"><Button small look="danger" onClick={() => setLeaving(item)} testId="delete">{t('redirect.delete')}</Button></div>
          ) }] : []),
        ]} />
      ))}</Load>
      {adding && <New account={account} onClose={() => setAdding(false)} onDone={redirects.reload} />}
      {leaving && (
        <Confirm title={t('redirect.delete')} yes={t('redirect.delete')} danger onClose={() => setLeaving(null)} onYes={async () => {
          await post('/redirects/{id}/delete', {}, { path: { id: leaving.id } });
          redirects.reload();
        }}>
          <p>{t('redirect.delete_hint')}</p>
          <p class="mono small">{leaving.url}</p>
        </Confirm>
      )}
    </Card>
  );
}

function New({ account, onClose, onDone }: { account: Account; onClose(): void; onDone(): void }) {
  const form = useForm({ name: '', url: '' }, async (values) => {
    await post('/accounts/{uuid}/redirects', values, { path: { uuid: account.uuid } });
    say(t('common.saved'));
    onDone();
    onClose();
  });
  return (
    <Dialog title={t('redirect.new')} onClose={onClose} locked={form.busy} testId="new-dialog">
      <Form form={form}>
        <Field {...form.field('name')} label={t('redirect.name')} optional maxLength={100} />
        <Field {...form.field('url')} label={t('redirect.url')} hint={t('redirect.url_hint')} type="url" inputMode="url" maxLength={255} mono />
        <div class="actions end">
          <Button onClick={onClose} disabled={form.busy}>{t('common.cancel')}</Button>
          <Button type="submit" look="primary" busy={form.busy} testId="yes">{t('common.save')}</Button>
        </div>
      </Form>
    </Dialog>
  );
}
