'use strict';
// Light and dark: the system's choice until the button is used. This runs before the page is drawn, so that it doesn't
// flash in the other colours.
(() => {
  const KEY = 'topoi-ground';
  const root = document.documentElement;
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const isDark = () => (root.dataset.ground ?? (dark.matches ? 'dark' : 'light')) === 'dark';

  /** The browser may forbid to keep anything: then the choice holds until the page is closed. */
  function kept() {
    try { return localStorage.getItem(KEY); } catch { return null; }
  }

  function keep(choice) {
    try { localStorage.setItem(KEY, choice); } catch { /* as said above */ }
  }

  const choice = kept();
  if (choice === 'dark' || choice === 'light') root.dataset.ground = choice;

  document.addEventListener('DOMContentLoaded', () => {
    const button = document.getElementById('ground');
    const tell = () => {
      button.setAttribute('aria-pressed', String(isDark()));
      document.dispatchEvent(new Event('ground'));
    };
    button.addEventListener('click', () => {
      root.dataset.ground = isDark() ? 'light' : 'dark';
      keep(root.dataset.ground);
      tell();
    });
    dark.addEventListener('change', tell);
    tell();
  });
})();
