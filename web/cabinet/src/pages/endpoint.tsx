// One endpoint: what it is, deliveries to try its receiver with, and what was sent there.
import { useState } from 'preact/hooks';
import { ApiError, get, post } from '../api';
import { Button } from '../parts/button';
import { Confirm, Dialog } from '../parts/dialog';
import { disabledText, endpointBody, EndpointForm, modeText, EndpointState, type Endpoint, type EndpointValues } from '../parts/endpoint';
import { useForm } from '../parts/form';
import { Load, useLoad } from '../parts/load';
import { Log } from '../parts/delivery';
import { say } from '../parts/say';
import { SecretRotate } from '../parts/secret';
import { Badge, Card, Facts, Notice, Page } from '../parts/surface';
import { Trials } from '../parts/trial';
import { Copy, Time } from '../parts/value';
import { go } from '../route';
import { may } from '../session';
import { t } from '../text';
import type { PageProps } from '../pages';

type Doing = 'change' | 'rotate' | 'disable' | 'enable' | 'delete';

export default function OneEndpoint({ params }: PageProps) {
  const id = params['id'] ?? '';
  const endpoint = useLoad(() => get('/endpoints/{id}', { path: { id } }), [id]);
  const [doing, setDoing] = useState<Doing | null>(null);
  const known = endpoint.data;
  const mayChange = may('endpoint_change') && known;
  const close = () => setDoing(null);
  return (
    <Page title={known?.name ?? t('endpoint.one')} back={{ to: '/endpoints', text: t('endpoint.title') }} actions={mayChange && (
      <>
        <Button onClick={() => setDoing('change')} testId="change">{t('endpoint.change')}</Button>
        <Button onClick={() => setDoing('rotate')} icon="again" testId="rotate">{t('secret.rotate')}</Button>
        <Button onClick={() => setDoing(known.enabled ? 'disable' : 'enable')} testId="switch">{t(known.enabled ? 'endpoint.disable' : 'endpoint.enable')}</Button>
        <Button look="danger" onClick={() => setDoing('delete')} testId="delete">{t('endpoint.delete')}</Button>
      </>
    )}>
      <Load of={endpoint}>{(data) => (
        <div class="stack wide">
          {!data.enabled && (
            <Notice tone="bad">
              <p><b>{t('endpoint.is_off')}</b></p>
              <p>{disabledText(data.disabled_reason)} · <Time at={data.disabled_at} /></p>
              <p>{t('endpoint.is_off_hint')}</p>
            </Notice>
          )}
          <About endpoint={data} />
          <Trials endpoint={data} />
          <Log endpoint={data.id} />
          {doing === 'change' && <Change endpoint={data} onClose={close} onReload={endpoint.reload} />}
          {doing === 'rotate' && (
            <SecretRotate onClose={close} onDone={endpoint.reload}
              onRotate={(hours) => post('/endpoints/{id}/secret', { overlap_hours: hours }, { path: { id } })} />
          )}
          {(doing === 'disable' || doing === 'enable' || doing === 'delete') && (
            <Sure what={doing} endpoint={data} onClose={close} onReload={endpoint.reload} />
          )}
        </div>
      )}</Load>
    </Page>
  );
}

function About({ endpoint }: { endpoint: Endpoint }) {
  return (
    <Card title={t('endpoint.about')} actions={<><EndpointState endpoint={endpoint} />{endpoint.is_default && <Badge tone="info">{t('endpoint.default')}</Badge>}</>}>
      <Facts rows={[
        [t('endpoint.url'), <code>{endpoint.url}</code>],
        [t('endpoint.id'), <Copy text={endpoint.id} of={t('endpoint.id')} />],
        [t('endpoint.mode'), modeText(endpoint.mode)],
        [t('endpoint.field_set'), t('endpoint.set', { n: endpoint.field_set })],
        (endpoint.old_secret_until ?? 0) > Date.now() && [t('secret.old_until'), <Time at={endpoint.old_secret_until} />],
      ]} />
    </Card>
  );
}

function Change({ endpoint, onClose, onReload }: { endpoint: Endpoint; onClose(): void; onReload(): void }) {
  const first: EndpointValues = { name: endpoint.name, url: endpoint.url, mode: endpoint.mode, field_set: String(endpoint.field_set) };
  const form = useForm(first, async (values) => {
    try {
      await post('/endpoints/{id}', { ...endpointBody(values), stamp: endpoint.stamp }, { path: { id: endpoint.id } });
    } catch (error) {
      if (error instanceof ApiError && error.code === 'stale') {
        onReload();
      }
      throw error;
    }
    say(t('common.saved'));
    onReload();
    onClose();
  });
  return (
    <Dialog title={t('endpoint.change')} onClose={onClose} locked={form.busy} testId="change-dialog"><EndpointForm form={form} onClose={onClose} /></Dialog>
  );
}

function Sure({ what, endpoint, onClose, onReload }: { what: 'disable' | 'enable' | 'delete'; endpoint: Endpoint; onClose(): void; onReload(): void }) {
  const paths = { disable: '/endpoints/{id}/disable', enable: '/endpoints/{id}/enable', delete: '/endpoints/{id}/delete' } as const;
  return (
    <Confirm title={t(`endpoint.${what}`)} yes={t(`endpoint.${what}`)} danger={what !== 'enable'} onClose={onClose} onYes={async () => {
      await post(paths[what], {}, { path: { id: endpoint.id } });
      if (what === 'delete') {
        go('/endpoints', { account: endpoint.account });
      } else {
        onReload();
      }
    }}>
      <p>{t(`endpoint.${what}_hint`)}</p>
    </Confirm>
  );
}
