// A secret that is shown once, and how the next one takes its place.
import { Button } from './button';
import { Dialog } from './dialog';
import { SelectField, type Bound } from './field';
import { Form, useForm } from './form';
import { Notice } from './surface';
import { Copy, Time } from './value';
import { useState } from 'preact/hooks';
import { t, tn } from '../text';

const HOURS = [0, 1, 24, 72, 168] as const;

export function OverlapField({ bound, hint }: { bound: Bound; hint: string }) {
  return (
    <SelectField {...bound} label={t('secret.overlap')} hint={hint}
      options={HOURS.map((hours) => ({ value: String(hours), label: hours === 0 ? t('secret.at_once') : tn('secret.hours', hours) }))} />
  );
}

export interface Told {
  secret: string;
  old_secret_until?: number | null;
}

export function SecretShown({ told, onClose }: { told: Told; onClose(): void }) {
  return (
    <Dialog title={t('secret.title')} onClose={onClose} testId="secret-dialog">
      <Notice tone="warn">{t('secret.once')}</Notice>
      <p data-testid="secret"><Copy text={told.secret} of={t('secret.one')} /></p>
      {told.old_secret_until ? <p class="soft small">{t('secret.both')} <Time at={told.old_secret_until} /></p> : null}
      <div class="actions end"><Button look="primary" onClick={onClose} testId="close">{t('secret.kept')}</Button></div>
    </Dialog>
  );
}

export function SecretRotate({ onRotate, onClose, onDone }: { onRotate(hours: string): Promise<Told>; onClose(): void; onDone(): void }) {
  const [told, setTold] = useState<Told | null>(null);
  const form = useForm({ overlap_hours: '24' }, async ({ overlap_hours }) => {
    setTold(await onRotate(overlap_hours));
    onDone();
  });
  if (told) {
    return <SecretShown told={told} onClose={onClose} />;
  }
  return (
    <Dialog title={t('secret.rotate')} onClose={onClose} locked={form.busy} testId="rotate-dialog">
      <Form form={form}>
        <OverlapField bound={form.field('overlap_hours')} hint={t('secret.overlap_hint')} />
        <div class="actions end">
          <Button onClick={onClose} disabled={form.busy}>{t('common.cancel')}</Button>
          <Button type="submit" look="primary" busy={form.busy} testId="yes">{t('secret.rotate')}</Button>
        </div>
      </Form>
    </Dialog>
  );
}
