// Light, dark, or as the system says.
import { keep, kept, store } from './store';

export type Theme = 'system' | 'light' | 'dark';
const KEPT = 'kassa.theme';

export const theme = store<Theme>('system');

export function themeUse(wanted: Theme): void {
  if (wanted === 'system') {
    delete document.documentElement.dataset.theme;
  } else {
    document.documentElement.dataset.theme = wanted;
  }
  theme.set(wanted);
}

export function themeChoose(wanted: Theme): void {
  keep(KEPT, wanted === 'system' ? null : wanted);
  themeUse(wanted);
}

export function themeStart(): void {
  const chosen = kept(KEPT);
  themeUse(chosen === 'light' || chosen === 'dark' ? chosen : 'system');
}
