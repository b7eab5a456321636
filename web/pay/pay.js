// The payment page, live: follows the payment without a reload, counts down, sends the payer back. Without this script
// all of it works by plain links, forms and refreshes.
(() => {
  'use strict';
  const body = document.body, base = body.dataset.base, way = body.dataset.way, onWait = location.pathname === base + '/wait';
  const now = () => performance.now();
  const find = (id) => document.getElementById(id);
  let timer = 0, wait = 0, ends = 0, back = 0, sentAt = -1e9;

  const stage = () => find('status').dataset.status;
  const isFinal = (s) => /^(paid|cancelled|failed|expired)$/.test(s);
  const isBusy = (s) => /^(waiting|confirming)$/.test(s);

  // What a machine is at work on is asked for every 1 to 3 s, what a person thinks about every 3 to 10 s.
  const schedule = (failed) => {
    clearTimeout(timer);
    if (isFinal(stage()) && !onWait) return;
    const busy = isBusy(stage());
    wait = Math.min(Math.max(wait * 1.4, busy ? 1000 : 3000), failed ? 15000 : busy ? 3000 : 10000);
    timer = setTimeout(poll, failed ? Math.max(wait, 3000) : wait);
  };
  const again = () => schedule(true);

  function poll() {
    clearTimeout(timer);
    if (document.hidden) return;
    fetch(base + '/state' + way, { cache: 'no-store', credentials: 'same-origin' })
      .then((r) => { if (!r.ok) throw r; return r.json(); })
      .then((s) => {
        ends = now() + s.seconds_left * 1000;
        if (onWait) {
          if (s.wallet_url) return location.replace(s.wallet_url);
          if (s.stage !== 'waiting') return location.replace(base);
        } else if (s.tag !== body.dataset.tag) return update();
        schedule();
      })
      .catch(again);
  }

  function swap(old, fresh) {
    while (old.firstChild) old.removeChild(old.firstChild);
    while (fresh.firstChild) old.appendChild(fresh.firstChild);
  }

  // The page as it is now takes the place of what is shown. The status element stays, so that its change is read out.
  function update() {
    return fetch(base + way, { cache: 'no-store', credentials: 'same-origin', headers: { Accept: 'text/html' } })
      .then((r) => { if (!r.ok) throw r; return r.text(); })
      .then((text) => {
        const page = new DOMParser().parseFromString(text, 'text/html');
        const status = page.getElementById('status'), rest = page.getElementById('rest');
        if (!status || !rest) throw text;
        const fields = ['trx', 'payer'], active = fields.find((id) => find(id) === document.activeElement && find(id));
        const typed = fields.map((id) => find(id) && find(id).value);
        const focused = find('rest').contains(document.activeElement);
        document.title = page.title;
        body.dataset.tag = page.body.dataset.tag;
        find('status').dataset.status = status.dataset.status;
        find('status').className = status.className;
        swap(find('status'), status);
        swap(find('rest'), rest);
        // Who is typing a TrxID goes on typing.
        fields.forEach((id, i) => { if (typed[i] && find(id)) find(id).value = typed[i]; });
        if (active && find(active)) find(active).focus();
        else if (focused) find('head').focus();
        wait = 0;
        begin();
      });
  }

  function digits(text) {
    return document.documentElement.lang === 'bn' ? text.replace(/\d/g, (d) => String.fromCharCode(0x9e6 + +d)) : text;
  }

  function tick() {
    const left = find('left');
    if (!left) return;
    const s = Math.max(0, Math.round((ends - now()) / 1000));
    left.textContent = digits(Math.floor(s / 60) + ':' + String(s % 60).padStart(2, '0'));
    if (!s && !left.dataset.over) {
      left.dataset.over = 1;
      wait = 0;
      schedule();
    }
  }

  // Back to the shop by itself, 3 s after the end is shown and once per browser: the Back button must not be a trap. Where
  // nothing can be remembered, only the button leads back.
  const key = 'kassa-returned' + base;
  function remember() {
    try {
      localStorage.setItem(key, '1');
      return true;
    } catch (e) {
      return false;
    }
  }
  function returned() {
    try {
      return localStorage.getItem(key) !== null;
    } catch (e) {
      return true;
    }
  }
  function giveBack() {
    const form = find('return');
    if (!form || !find('auto') || back || document.hidden || returned()) return;
    find('auto').hidden = false;
    find('stay').onclick = () => {
      clearTimeout(back);
      find('auto').hidden = true;
      form.querySelector('button').focus();
    };
    back = setTimeout(() => remember() && form.submit(), 3000);
  }

  function offerCopies() {
    if (!navigator.clipboard) return;
    for (const button of document.querySelectorAll('[data-copy]')) {
      button.hidden = false;
      button.onclick = () => navigator.clipboard.writeText(button.dataset.copy)
        .then(() => { button.textContent = button.dataset.copied; }, () => { button.hidden = true; });
    }
  }

  function begin() {
    const left = find('left');
    if (left) ends = now() + left.dataset.left * 1000;
    tick();
    offerCopies();
    giveBack();
    schedule();
  }

  // A second press while the first is on its way does nothing.
  addEventListener('submit', (event) => {
    if (now() - sentAt < 10000) return event.preventDefault();
    sentAt = now();
    clearTimeout(back);
    for (const b of document.querySelectorAll('button')) b.setAttribute('aria-disabled', 'true');
    if (event.target.id === 'return') remember();
  });
  addEventListener('pageshow', (event) => {
    if (!event.persisted) return;
    sentAt = -1e9;
    for (const b of document.querySelectorAll('button')) b.removeAttribute('aria-disabled');
    poll();
  });
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return;
    wait = 0;
    giveBack();
    if (!isFinal(stage())) poll();
  });
  setInterval(tick, 1000);
  begin();
})();
