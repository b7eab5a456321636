// What the pages of endpoints share: the form, and the state.
import type { Got } from '../api';
import { t, type TextKey } from '../text';
import { Button } from './button';
import { Field, SelectField } from './field';
import { Form, type FormState } from './form';
import { Badge } from './surface';

export type Endpoint = Got<'/accounts/{uuid}/endpoints'>['items'][number];
export const MODES = ['GET', 'POST', 'POST_JSON'] as const;
const MODE_TEXTS = { GET: 'endpoint.mode_get', POST: 'endpoint.mode_post', POST_JSON: 'endpoint.mode_json' } as const;
const REASON_TEXTS: Record<string, TextKey> = {
  cabinet: 'endpoint.reason_cabinet', operator: 'endpoint.reason_operator', 'the receiver answered 410': 'endpoint.reason_gone',
};
const FIELD_SETS = ['10', '11', '12'] as const;

export const modeText = (mode: typeof MODES[number]) => t(MODE_TEXTS[mode]);

export function disabledText(reason: string | null): string {
  const text = reason ? REASON_TEXTS[reason] : undefined;
  return text ? t(text) : reason ?? '';
}

export interface EndpointValues extends Record<string, string> {
  name: string;
  url: string;
  mode: string;
  field_set: string;
}

export const endpointBody = (values: EndpointValues) => ({ ...values, mode: values.mode as typeof MODES[number] });

export function EndpointForm({ form, onClose }: { form: FormState<EndpointValues>; onClose(): void }) {
  return (
    <Form form={form}>
      <Field {...form.field('name')} label={t('endpoint.name')} optional maxLength={100} />
      <Field {...form.field('url')} label={t('endpoint.url')} hint={t('endpoint.url_hint')} type="url" inputMode="url" maxLength={255} mono />
      <SelectField {...form.field('mode')} label={t('endpoint.mode')} options={MODES.map((mode) => ({ value: mode as string, label: modeText(mode) }))} />
      <SelectField {...form.field('field_set')} label={t('endpoint.field_set')}
        options={FIELD_SETS.map((set) => ({ value: set as string, label: t(`endpoint.set_${set}`) }))} />
      <div class="actions end">
        <Button onClick={onClose} disabled={form.busy}>{t('common.cancel')}</Button>
        <Button type="submit" look="primary" busy={form.busy} testId="yes">{t('common.save')}</Button>
      </div>
    </Form>
  );
}

export function EndpointState({ endpoint }: { endpoint: Endpoint }) {
  return <Badge tone={endpoint.enabled ? 'good' : 'bad'}>{t(endpoint.enabled ? 'endpoint.on' : 'endpoint.off')}</Badge>;
}
