// The token, where the server wants one. A cookie that no script can read stands for it afterwards.

import { element } from './dom.js';

const KEY = 'topoi-signed-in';
const SESSION = 'v1/session';
let asking = null;

/** The browser may forbid to keep anything: then the button isn't there after the page was loaded anew. */
function keep(signedIn) {
  try {
    if (signedIn) localStorage.setItem(KEY, '1');
    else localStorage.removeItem(KEY);
  } catch { /* as said above */ }
  element('leave').hidden = !signedIn;
}

/** Asks for the token, once for all requests that need it. Says whether one was given that is right. */
export function askToken() {
  asking ??= new Promise((resolve) => {
    const dialog = element('token');
    element('token-error').textContent = '';
    element('token-field').value = '';
    dialog.returnValue = '';
    dialog.addEventListener('close', () => {
      asking = null;
      resolve(dialog.returnValue === 'given');
    }, { once: true });
    dialog.showModal();
  });
  return asking;
}

async function give(token) {
  const response = await fetch(SESSION, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  if (response.ok) return '';
  if (response.status === 401) return 'That is not the token.';
  return `The server answered ${response.status}. Try again.`;
}

element('token-form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const wrong = await give(element('token-field').value).catch(() => 'The server can’t be reached. Try again.');
  element('token-error').textContent = wrong;
  if (wrong) {
    element('token-field').select();
    return;
  }
  keep(true);
  element('token').close('given');
});
element('token-cancel').addEventListener('click', () => element('token').close());
element('leave').addEventListener('click', async () => {
  await fetch(SESSION, { method: 'DELETE' }).catch(() => null);
  keep(false);
  location.reload();
});
try {
  element('leave').hidden = localStorage.getItem(KEY) === null;
} catch { /* as said above */ }
