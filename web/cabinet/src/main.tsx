// Where the cabinet starts: texts and session are fetched beside each other, then the page is drawn.
import { render } from 'preact';
import './style/base.css';
import './style/parts.css';
import './style/shell.css';
import { App } from './app';
import { routeStart } from './route';
import { languageOfPerson, sessionRead } from './session';
import { languageUse, languageWanted } from './text';
import { themeStart } from './theme';

const RELOADED = 'kassa.reloaded';
const RELOAD_MS = 10_000;

// A newer kassad has other files: what this page wants next is not there any more, and the new page is one step away.
addEventListener('vite:preloadError', (event) => {
  const last = Number(sessionStorage.getItem(RELOADED) ?? 0);
  if (navigator.onLine && Date.now() - last > RELOAD_MS) {
    event.preventDefault();
    sessionStorage.setItem(RELOADED, String(Date.now()));
    location.reload();
  }
});

async function start(): Promise<void> {
  const root = document.getElementById('app');
  if (!root) {
    return;
  }
  themeStart();
  routeStart();
  const read = sessionRead().then(() => null, (error: unknown) => error);
  await languageUse(languageWanted());
  const error = await read;
  if (!error) {
    await languageOfPerson();
  }
  render(<App failed={error} />, root);
}

void start();
