import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runTimeUs } from '../kernel/index.ts';
import { rfc3339 } from './cloud-event.ts';
import { RUN_EPOCH_S } from './token.ts';

describe('rfc3339', () => {
  it('begins with the run, on 1 January 2026', () => {
    expect(rfc3339(runTimeUs(0))).toBe('2026-01-01T00:00:00.000Z');
  });

  it('agrees with the platform at any moment of the next hundred years', () => {
    fc.assert(
      fc.property(fc.nat(3_155_760_000), fc.nat(999), (seconds, milliseconds) => {
        const expected = new Date((RUN_EPOCH_S + seconds) * 1000 + milliseconds).toISOString();
        expect(rfc3339(runTimeUs((seconds * 1000 + milliseconds) * 1000))).toBe(expected);
      }),
    );
  });
});
