// What pages about payments share.
import type { Got } from '../api';
import { t } from '../text';
import { Badge, type Tone } from './surface';

export type PaymentState = Got<'/payments'>['items'][number]['state'];

const TONES: Record<PaymentState, Tone> = { open: 'info', executing: 'info', review: 'warn', paid: 'good', cancelled: 'plain', failed: 'bad' };

export function StateBadge({ state }: { state: PaymentState }) {
  return <Badge tone={TONES[state]}>{t(`payments.state_${state}`)}</Badge>;
}
