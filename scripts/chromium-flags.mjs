/**
 * Shared by every test that drives a browser. Chromium refuses its sandbox to root, which is who CI
 * runs as; the rest keeps it from talking to the outside and from using a graphics card that is not there.
 */
export const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
