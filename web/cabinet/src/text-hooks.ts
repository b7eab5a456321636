import { useStore } from './store';
import { language, type Language } from './text';

export { t, tn } from './text';

// Draws again when the language changes.
export function useLanguage(): Language {
  return useStore(language);
}
