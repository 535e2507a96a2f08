// What scripts add to pages that work without them. README.md beside this file says what each part looks for.
'use strict';
{
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const make = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  };

  // Find a patient as you type: the combobox pattern of the ARIA Authoring Practices.
  const suggest = (input, number) => {
    const list = make('ul', { id: `suggest-${number}`, role: 'listbox', class: 'app-suggest', 'aria-label': 'Patients found' });
    const status = make('div', { role: 'status', class: 'nhsuk-u-visually-hidden' });
    const attributes = { role: 'combobox', 'aria-autocomplete': 'list', 'aria-expanded': 'false', 'aria-controls': list.id };
    let options = [], active = -1, timer, request;
    list.hidden = true;
    input.parentNode.classList.add('app-suggest-at');
    input.parentNode.append(list, status);
    for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value);

    const show = (open) => {
      list.hidden = !open;
      input.setAttribute('aria-expanded', String(open));
      if (!open) choose(-1);
    };
    const choose = (index) => {
      options[active]?.setAttribute('aria-selected', 'false');
      active = index;
      const option = options[active];
      if (!option) return input.removeAttribute('aria-activedescendant');
      option.setAttribute('aria-selected', 'true');
      option.scrollIntoView({ block: 'nearest' });
      input.setAttribute('aria-activedescendant', option.id);
    };
    const close = () => {
      clearTimeout(timer);
      request?.abort();                                    // a late answer must not open the list again
      show(false);
    };
    const ask = async () => {
      request?.abort();
      const mine = request = new AbortController();
      const address = new URL(input.dataset.suggest, location);
      address.searchParams.set('q', input.value.trim());
      try {
        const answer = await fetch(address, { signal: mine.signal, headers: { Accept: 'text/html' } });
        if (!answer.ok || answer.redirected) return close();
        const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
        if (mine.signal.aborted) return;
        options = $$('[role=option]', page);
        options.forEach((option, index) => { option.id = `${list.id}-${index}`; option.setAttribute('aria-selected', 'false'); });
        active = -1;
        list.replaceChildren(...options);
        const count = options.length;
        status.textContent = count ? `${count} ${count === 1 ? 'patient' : 'patients'} listed` : 'Nobody found yet';
        show(count > 0);
      } catch (error) {
        if (error.name !== 'AbortError') close();          // the button still searches
      }
    };
    input.addEventListener('input', () => {
      clearTimeout(timer);
      if (input.value.trim().length < 2) close();
      else timer = setTimeout(ask, 150);
    });
    input.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && !list.hidden) { event.preventDefault(); close(); }
      if (event.key === 'Enter' && active >= 0) { event.preventDefault(); location.href = options[active].dataset.href; }
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step || !options.length) return;
      event.preventDefault();
      show(true);
      const places = options.length + 1;                   // one place is the box itself, with nothing chosen
      choose((active + 1 + step + places) % places - 1);
    });
    input.addEventListener('blur', close);
    list.addEventListener('mousedown', (event) => event.preventDefault());    // keep the focus in the box
    list.addEventListener('click', (event) => {
      const option = event.target.closest('[role=option]');
      if (option) location.href = option.dataset.href;
    });
  };
  const boxes = $$('input[data-suggest]');
  boxes.forEach(suggest);

  // A section of which one pixel shows counts as seen for browsers, which then do not scroll to it.
  document.addEventListener('focusin', ({ target }) => {
    if (target.closest('.app-sidenav')) target.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  });
  document.addEventListener('keydown', (event) => {
    const typing = event.target.closest?.('input, select, textarea, [contenteditable]');
    const off = typing || event.ctrlKey || event.metaKey || event.altKey || document.body.dataset.shortcuts === 'off';
    if (event.key !== '/' || off || !boxes.length) return;
    event.preventDefault();
    boxes[0].focus();
  });

  // The server locks a session that asks for nothing; say so a minute before, and tell it of work without requests.
  const idle = Number(document.body.dataset.idle ?? 0) * 1000;
  if (idle) {
    const key = 'carespine-last-request';
    const warning = Math.min(60_000, idle / 2);
    let active = false;
    const noted = () => localStorage.setItem(key, String(Date.now()));
    const stay = async () => {
      const answer = await fetch('/home', { method: 'HEAD', redirect: 'manual' }).catch(() => null);
      if (answer?.ok) noted();
    };
    const left = make('strong');
    const button = make('button', { type: 'button', class: 'app-btn app-btn--primary' }, 'Stay signed in');
    const title = make('h2', { class: 'app-h2', id: 'idle-title' }, 'Are you still there?');
    const text = make('p', {}, 'The record locks in ', left, ' because nothing has been done.');
    const dialog = make('dialog', { class: 'app-dialog', 'aria-labelledby': title.id }, title, text, button);
    document.body.append(dialog);
    button.addEventListener('click', () => { dialog.close(); stay(); });
    dialog.addEventListener('cancel', stay);
    for (const kind of ['keydown', 'pointerdown', 'wheel']) {
      document.addEventListener(kind, () => { active = true; }, { passive: true });
    }
    noted();
    setInterval(() => {
      const since = Date.now() - Number(localStorage.getItem(key));
      if (since >= idle) {
        const here = encodeURIComponent(location.pathname + location.search);
        return location.assign(`/sign-in?locked=1&next=${here}`);
      }
      if (since < idle - warning) {
        if (dialog.open) dialog.close();                   // another tab was used
        if (active && since > idle / 4) { active = false; stay(); }
        return;
      }
      left.textContent = `${Math.ceil((idle - since) / 1000)} seconds`;
      if (!dialog.open) dialog.showModal();
    }, 1000);
  }

  // Sort a table by the column whose heading is pressed.
  for (const table of $$('table[data-sortable]')) {
    const headings = $$('thead th', table);
    const body = table.tBodies[0];
    const value = (row, at) => {
      const cell = row.cells[at];
      return cell?.dataset.sort ?? cell?.querySelector(':scope > time')?.dateTime ?? cell?.textContent.trim() ?? '';
    };
    const order = new Intl.Collator('en-GB', { numeric: true, sensitivity: 'base' });
    headings.forEach((heading, at) => {
      if (!heading.textContent.trim() || heading.hasAttribute('data-unsorted')) return;
      const button = make('button', { type: 'button', class: 'app-sort' }, ...heading.childNodes);
      heading.append(button);
      button.addEventListener('click', () => {
        const down = heading.getAttribute('aria-sort') === 'ascending';
        headings.forEach((other) => other.removeAttribute('aria-sort'));
        heading.setAttribute('aria-sort', down ? 'descending' : 'ascending');
        const rows = [...body.rows].sort((a, b) => order.compare(value(a, at), value(b, at)) * (down ? -1 : 1));
        body.append(...rows);
      });
    });
  }

  // The newest column is at the right: show it first.
  for (const region of $$('[data-scroll-end]')) region.scrollLeft = region.scrollWidth;

  for (const button of $$('[data-print]')) {
    button.hidden = false;
    button.addEventListener('click', () => print());
  }
  document.querySelector('.nhsuk-error-summary')?.focus();
}
