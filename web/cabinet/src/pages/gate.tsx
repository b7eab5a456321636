// The frame of what is shown to who is not signed in.
import type { ComponentChildren } from 'preact';
import { Mark } from '../parts/icon';
import { useTitle } from '../parts/surface';
import { Switches } from '../parts/switches';
import { t } from '../text';

export function Gate({ title, lead, children }: { title: string; lead?: ComponentChildren; children: ComponentChildren }) {
  useTitle(title);
  return (
    <div class="gate">
      <main>
        <div class="card">
          <div class="body">
            <div class="brand"><Mark /><span>{t('common.product')}</span></div>
            <div>
              <h1>{title}</h1>
              {lead && <p class="soft">{lead}</p>}
            </div>
            {children}
          </div>
        </div>
      </main>
      <footer><Switches /></footer>
    </div>
  );
}
