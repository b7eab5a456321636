// Short results, shown for a moment and read out.
import { store, useStore } from '../store';
import { Icon } from './icon';

const SHOWN_MS = 5000;
const said = store<{ text: string; id: number }>({ text: '', id: 0 });
let timer: ReturnType<typeof setTimeout> | undefined;

export function say(text: string): void {
  said.set({ text, id: said.get().id + 1 });
  clearTimeout(timer);
  timer = setTimeout(() => said.set({ text: '', id: said.get().id + 1 }), SHOWN_MS);
}

export function Said() {
  const { text, id } = useStore(said);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {text && <div class="toast" key={id} data-testid="said"><Icon name="info" />{text}</div>}
    </div>
  );
}
