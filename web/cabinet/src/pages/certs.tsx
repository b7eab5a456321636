// The certificates that sign: made with a one-time archive, exchanged with an overlap, revoked.
import { useState } from 'preact/hooks';
import { get, post, postFile, type Got } from '../api';
import { OfAccount, type Account } from '../parts/account';
import { Button, ButtonLink } from '../parts/button';
import { Confirm, Dialog } from '../parts/dialog';
import { AreaField, SelectField } from '../parts/field';
import { Form, useForm } from '../parts/form';
import { Load, useLoad } from '../parts/load';
import { say } from '../parts/say';
import { OverlapField } from '../parts/secret';
import { Badge, Card, Empty, Notice, Page, type Tone } from '../parts/surface';
import { Table } from '../parts/table';
import { Copy, Time } from '../parts/value';
import { may } from '../session';
import { t } from '../text';

type Cert = Got<'/accounts/{uuid}/certs'>['items'][number];
type Purpose = Cert['purpose'];

const PURPOSES: readonly Purpose[] = ['payments', 'payouts', 'notifications'];
const STATES: Record<Cert['state'], { tone: Tone; text: 'valid' | 'ending' | 'not_yet' | 'ended' | 'revoked' }> = {
  valid: { tone: 'good', text: 'valid' }, ending: { tone: 'warn', text: 'ending' }, 'not yet': { tone: 'info', text: 'not_yet' },
  ended: { tone: 'plain', text: 'ended' }, revoked: { tone: 'bad', text: 'revoked' },
};

export default function Certs() {
  return (
    <Page title={t('cert.title')} lead={t('cert.lead')}>
      <OfAccount>{(account) => <List account={account} />}</OfAccount>
    </Page>
  );
}

function List({ account }: { account: Account }) {
  const certs = useLoad(() => get('/accounts/{uuid}/certs', { path: { uuid: account.uuid } }), [account.uuid]);
  const [doing, setDoing] = useState<'new' | 'import' | null>(null);
  const [revoking, setRevoking] = useState<Cert | null>(null);
  const mayChange = may('cert_change');
  return (
    <Card title={t('cert.list')} flush actions={mayChange && (
      <>
        <Button small onClick={() => setDoing('import')} testId="import">{t('cert.import')}</Button>
        <Button small look="primary" icon="plus" onClick={() => setDoing('new')} testId="new">{t('cert.new')}</Button>
      </>
    )}>
      <Load of={certs}>{({ items }) => (items.length === 0 ? <Empty icon="key" title={t('cert.none')}>{t('cert.none_hint')}</Empty> : (
        <Table caption={t('cert.list')} items={items} id={(item) => item.id} columns={[
          { label: t('cert.purpose'), place: 'head', show: (item) => (
            <>
              <b>{t(`cert.purpose_${item.purpose}`)}</b> <span class="soft small">{item.algorithm}</span>
              <div class="soft small"><Copy text={item.fingerprint} shown={item.fingerprint.slice(0, 16)} of={t('cert.fingerprint')} /></div>
            </>
          ) },
          { label: t('cert.state'), show: (item) => (
            <><Badge tone={STATES[item.state].tone}>{t(`cert.state_${STATES[item.state].text}`)}</Badge><div class="soft small"><Until cert={item} /></div></>
          ) },
          { label: t('cert.used'), show: (item) => (
            <>
              {item.purpose === 'notifications' ? <span class="soft">{t('cert.by_kassa')}</span> : <Time at={item.used_at} />}
              {item.refused_at ? <Refused cert={item} /> : null}
            </>
          ) },
          { label: t('common.actions'), end: true, place: 'tail', show: (item) => (
            <div class="actions end">
              <ButtonLink small download href={`/cabinet/api/certs/${item.id}/public`}>{t('cert.public')}</ButtonLink>
              {mayChange && !item.revoked_at && <Button small look="danger" onClick={() => setRevoking(item)} testId="revoke">{t('cert.revoke')}</Button>}
            </div>
          ) },
        ]} />
      ))}</Load>
      {doing === 'new' && <New account={account} onClose={() => setDoing(null)} onDone={certs.reload} />}
      {doing === 'import' && <Import account={account} onClose={() => setDoing(null)} onDone={certs.reload} />}
      {revoking && (
        <Confirm title={t('cert.revoke_title')} yes={t('cert.revoke')} danger onClose={() => setRevoking(null)} onYes={async () => {
          await post('/certs/{id}/revoke', {}, { path: { id: revoking.id } });
          say(t('cert.revoked'));
          certs.reload();
        }}>
          <p>{t('cert.revoke_hint')}</p>
          <p class="mono small">{revoking.fingerprint}</p>
        </Confirm>
      )}
    </Card>
  );
}

function Until({ cert }: { cert: Cert }) {
  if (cert.state === 'not yet') {
    return <>{t('cert.from')} <Time at={cert.not_before} /></>;
  }
  return cert.revoked_at ? <Time at={cert.revoked_at} /> : <>{cert.not_after ? t('cert.until') : ''} <Time at={cert.not_after} never={t('cert.no_end')} /></>;
}

function Refused({ cert }: { cert: Cert }) {
  return (
    <div class="soft small">
      {t('cert.refused')} <Time at={cert.refused_at} />{cert.refused_why && <>: {t(`cert.why_${cert.refused_why}`)}</>}
    </div>
  );
}

function New({ account, onClose, onDone }: { account: Account; onClose(): void; onDone(): void }) {
  const [made, setMade] = useState('');
  const form = useForm({ purpose: 'payments', bits: '2048', overlap_hours: '24' }, async ({ purpose, bits, overlap_hours }) => {
    const name = `${account.uuid}-${purpose}.zip`;
    await postFile('/accounts/{uuid}/certs', { purpose, bits, overlap_hours }, name, { path: { uuid: account.uuid } });
    setMade(name);
    onDone();
  });
  if (made) {
    return (
      <Dialog title={t('cert.made')} onClose={onClose} testId="made-dialog">
        <Notice tone="good" title={t('cert.saved_as')}><code>{made}</code></Notice>
        {form.values.purpose === 'notifications' ? <p>{t('cert.made_notifications')}</p>
          : <Notice tone="warn">{t('cert.made_once')}</Notice>}
        <div class="actions end"><Button look="primary" onClick={onClose} testId="close">{t('cert.kept')}</Button></div>
      </Dialog>
    );
  }
  return (
    <Dialog title={t('cert.new')} onClose={onClose} locked={form.busy} testId="new-dialog">
      <Form form={form}>
        <SelectField {...form.field('purpose')} label={t('cert.purpose')} hint={t(`cert.purpose_hint_${form.values.purpose as Purpose}`)}
          options={PURPOSES.map((purpose) => ({ value: purpose as string, label: t(`cert.purpose_${purpose}`) }))} />
        <SelectField {...form.field('bits')} label={t('cert.algorithm')}
          options={['2048', '3072', '4096'].map((bits) => ({ value: bits, label: `RSA-${bits}` }))} />
        <OverlapField bound={form.field('overlap_hours')} hint={t('cert.overlap_hint')} />
        <div class="actions end">
          <Button onClick={onClose} disabled={form.busy}>{t('common.cancel')}</Button>
          <Button type="submit" look="primary" icon="download" busy={form.busy} testId="yes">{t('cert.make')}</Button>
        </div>
      </Form>
    </Dialog>
  );
}

function Import({ account, onClose, onDone }: { account: Account; onClose(): void; onDone(): void }) {
  const form = useForm({ purpose: 'payments', public_pem: '', overlap_hours: '24' }, async ({ purpose, public_pem, overlap_hours }) => {
    await post('/accounts/{uuid}/certs/import', { purpose: purpose as Purpose, public_pem, overlap_hours }, { path: { uuid: account.uuid } });
    say(t('common.saved'));
    onDone();
    onClose();
  });
  return (
    <Dialog title={t('cert.import')} onClose={onClose} locked={form.busy} testId="import-dialog">
      <p class="soft">{t('cert.import_hint')}</p>
      <Form form={form}>
        <SelectField {...form.field('purpose')} label={t('cert.purpose')}
          options={PURPOSES.filter((purpose) => purpose !== 'notifications').map((purpose) => ({ value: purpose as string, label: t(`cert.purpose_${purpose}`) }))} />
        <AreaField {...form.field('public_pem')} label={t('cert.public_pem')} mono rows={6} />
        <OverlapField bound={form.field('overlap_hours')} hint={t('cert.overlap_hint')} />
        <div class="actions end">
          <Button onClick={onClose} disabled={form.busy}>{t('common.cancel')}</Button>
          <Button type="submit" look="primary" busy={form.busy} testId="yes">{t('cert.import')}</Button>
        </div>
      </Form>
    </Dialog>
  );
}
