// The merchant's accounts: what they are called in requests, what they cost, and what counts where a request names nothing else.
import { useState } from 'preact/hooks';
import { ApiError, get, post, type Got } from '../api';
import { accountName, type Account } from '../parts/account';
import { Button, ButtonLink } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { SelectField } from '../parts/field';
import { MODES, modeText } from '../parts/endpoint';
import { Form, useForm } from '../parts/form';
import { Load, useLoad } from '../parts/load';
import { say } from '../parts/say';
import { SecretRotate } from '../parts/secret';
import { Badge, Card, Empty, Facts, Page } from '../parts/surface';
import { Copy, Money, Time } from '../parts/value';
import { percent } from '../format';
import { href } from '../route';
import { may } from '../session';
import { t } from '../text';

type Redirect = Got<'/accounts/{uuid}/redirects'>['items'][number];
type Endpoint = Got<'/accounts/{uuid}/endpoints'>['items'][number];

const FIELD_SETS = ['10', '11', '12'] as const;

export default function Accounts() {
  const accounts = useLoad(() => get('/accounts'), []);
  return (
    <Page title={t('account.title')} lead={t('account.lead')}>
      <Load of={accounts}>{({ items }) => (items.length === 0
        ? <Card><Empty icon="account" title={t('account.none')}>{t('account.none_hint')}</Empty></Card>
        : <div class="stack wide">{items.map((account) => <One key={account.uuid} account={account} onChange={accounts.reload} />)}</div>)}</Load>
    </Page>
  );
}

function One({ account, onChange }: { account: Account; onChange(): void }) {
  const [doing, setDoing] = useState<'settings' | 'secret' | null>(null);
  const path = { uuid: account.uuid };
  const presets = useLoad(async () => {
    const [redirects, endpoints] = await Promise.all([get('/accounts/{uuid}/redirects', { path }), get('/accounts/{uuid}/endpoints', { path })]);
    return { redirects: redirects.items, endpoints: endpoints.items };
  }, [account.uuid]);
  const named = (items: readonly { id: string; name: string }[] | undefined, id: string | null) => (
    id ? items?.find((item) => item.id === id)?.name ?? id : <span class="soft">{t('account.no_default')}</span>
  );
  const mayChange = may('endpoint_change');
  const done = () => {
    setDoing(null);
    onChange();
  };
  return (
    <Card title={accountName(account)} testId="account" actions={(
      <>
        <Badge tone={account.enabled ? 'good' : 'bad'}>{t(account.enabled ? 'account.enabled' : 'account.disabled')}</Badge>
        {mayChange && <Button small onClick={() => setDoing('settings')} testId="settings">{t('account.change')}</Button>}
      </>
    )}>
      <div class="stack">
        <Facts rows={[
          [t('account.uuid'), <Copy text={account.uuid} of={t('account.uuid')} />],
          [t('account.currency'), account.currency],
          [t('account.fee'), <>{percent(account.fee_basis_points / 10000)} + <Money poisha={account.fee_fixed_poisha} /></>],
          [t('account.services'), account.services.join(', ')],
          [t('account.success'), named(presets.data?.redirects, account.success_redirect_id)],
          [t('account.fail'), named(presets.data?.redirects, account.fail_redirect_id)],
          [t('account.endpoint'), named(presets.data?.endpoints, account.endpoint_id)],
          [t('account.by_url'), <>{account.notify_mode} · {t('endpoint.set', { n: account.notify_field_set })}</>],
          [t('account.digest'), account.digest === 'sha256' ? 'SHA-256' : 'SHA-1'],
          Boolean(account.notify_old_secret_until) && [t('secret.old_until'), <Time at={account.notify_old_secret_until} />],
          [t('account.since'), <Time at={account.created_at} form="date" />],
        ]} />
        <div class="actions">
          <ButtonLink href={href('/certs', { account: account.uuid })} icon="key" small>{t('cert.title')}</ButtonLink>
          <ButtonLink href={href('/redirects', { account: account.uuid })} icon="redirect" small>{t('redirect.title')}</ButtonLink>
          <ButtonLink href={href('/endpoints', { account: account.uuid })} icon="bell" small>{t('endpoint.title')}</ButtonLink>
          {mayChange && <Button small icon="again" onClick={() => setDoing('secret')} testId="rotate">{t('account.rotate')}</Button>}
        </div>
      </div>
      {doing === 'settings' && presets.data && (
        <Settings account={account} redirects={presets.data.redirects} endpoints={presets.data.endpoints} onClose={() => setDoing(null)} onDone={done} onStale={onChange} />
      )}
      {doing === 'secret' && (
        <SecretRotate onClose={() => setDoing(null)} onDone={onChange}
          onRotate={(hours) => post('/accounts/{uuid}/secret', { overlap_hours: hours }, { path })} />
      )}
    </Card>
  );
}

function Settings({ account, redirects, endpoints, onClose, onDone, onStale }: {
  account: Account; redirects: readonly Redirect[]; endpoints: readonly Endpoint[]; onClose(): void; onDone(): void; onStale(): void;
}) {
  const form = useForm({
    success_redirect_id: account.success_redirect_id ?? '', fail_redirect_id: account.fail_redirect_id ?? '', endpoint_id: account.endpoint_id ?? '',
    notify_mode: account.notify_mode as string, notify_field_set: String(account.notify_field_set), digest: account.digest as string,
  }, async (values) => {
    try {
      await post('/accounts/{uuid}/settings', { ...values, notify_mode: values.notify_mode as typeof MODES[number],
        digest: values.digest as 'sha1' | 'sha256', stamp: account.stamp }, { path: { uuid: account.uuid } });
    } catch (error) {
      if (error instanceof ApiError && error.code === 'stale') {
        onStale();
      }
      throw error;
    }
    say(t('common.saved'));
    onDone();
  });
  const choices = (items: readonly { id: string; name: string; url: string }[]) => [
    { value: '', label: t('account.no_default') }, ...items.map((item) => ({ value: item.id, label: `${item.name} · ${item.url}` })),
  ];
  return (
    <Dialog title={t('account.change')} onClose={onClose} locked={form.busy} testId="settings-dialog">
      <p class="soft">{t('account.change_hint')}</p>
      <Form form={form}>
        <SelectField {...form.field('success_redirect_id')} label={t('account.success')} options={choices(redirects)} />
        <SelectField {...form.field('fail_redirect_id')} label={t('account.fail')} options={choices(redirects)} />
        <SelectField {...form.field('endpoint_id')} label={t('account.endpoint')} options={choices(endpoints)} />
        <SelectField {...form.field('notify_mode')} label={t('account.notify_mode')} hint={t('account.notify_mode_hint')}
          options={MODES.map((mode) => ({ value: mode, label: modeText(mode) }))} />
        <SelectField {...form.field('notify_field_set')} label={t('endpoint.field_set')}
          options={FIELD_SETS.map((set) => ({ value: set, label: t(`endpoint.set_${set}`) }))} />
        <SelectField {...form.field('digest')} label={t('account.digest')} hint={t('account.digest_hint')}
          options={[{ value: 'sha1', label: 'SHA-1' }, { value: 'sha256', label: 'SHA-256' }]} />
        <div class="actions end">
          <Button onClick={onClose} disabled={form.busy}>{t('common.cancel')}</Button>
          <Button type="submit" look="primary" busy={form.busy} testId="yes">{t('common.save')}</Button>
        </div>
      </Form>
    </Dialog>
  );
}
