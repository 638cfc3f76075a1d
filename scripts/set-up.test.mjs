import { describe, expect, it } from 'vitest';
import { isInstallationCurrent, isNodeNewEnough } from './set-up.mjs';

describe('isNodeNewEnough', () => {
  it.each(['20.19.0', '20.20.2', '22.12.0', '23.0.0', '24.1.0'])('takes %s', (version) => {
    expect(isNodeNewEnough(version)).toBe(true);
  });

  it.each(['18.20.4', '20.18.3', '21.7.0', '22.11.0'])('refuses %s', (version) => {
    expect(isNodeNewEnough(version)).toBe(false);
  });
});

describe('isInstallationCurrent', () => {
  const locked = {
    packages: {
      '': { version: '0.1.0' },
      'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
      'node_modules/a-win32': { version: '1.0.0', integrity: 'sha512-w', optional: true },
    },
  };

  it('asks neither for the project itself nor for what is optional', () => {
    expect(
      isInstallationCurrent(locked, { packages: { 'node_modules/a': locked.packages['node_modules/a'] } }),
    ).toBe(true);
  });

  it('lets a package added by hand be', () => {
    const installed = { packages: { ...locked.packages, 'node_modules/b': { version: '2.0.0' } } };
    expect(isInstallationCurrent(locked, installed)).toBe(true);
  });

  it.each([
    ['a missing package', {}],
    ['another version', { 'node_modules/a': { version: '1.0.1', integrity: 'sha512-a' } }],
    ['other content', { 'node_modules/a': { version: '1.0.0', integrity: 'sha512-b' } }],
  ])('sees %s', (_what, packages) => {
    expect(isInstallationCurrent(locked, { packages })).toBe(false);
  });
});
