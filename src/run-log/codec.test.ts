import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../kernel/index.ts';
import { decodeRunLog, encodeRunLog, type RunLogHeader } from './index.ts';

const header: RunLogHeader = {
  run: 'r1',
  setup: 'classroom',
  seed: 1,
  composition: 'microservices',
  host: 'live',
};

const events = fc
  .array(
    fc.record({
      timeUs: fc.nat(),
      instance: fc.constantFrom('order-1', 'payment-provider-2'),
      cause: fc.option(fc.constant('gateway-1.1.9')),
      message: fc.string({ unit: 'grapheme' }),
      data: fc.jsonValue(),
    }),
    { maxLength: 20 },
  )
  .map((drafts) =>
    drafts.map(
      (draft, index) =>
        ({
          id: `${draft.instance}.1.${index}`,
          seq: 5 + index,
          timeUs: draft.timeUs,
          instance: draft.instance,
          service: 'order',
          traceId: 'a'.repeat(32),
          spanId: null,
          parentSpanId: 'b'.repeat(16),
          cause: draft.cause,
          type: 'service.logged',
          level: 'info',
          message: draft.message,
          data: JSON.parse(JSON.stringify(draft.data)) as never,
        }) as unknown as RunEvent,
    ),
  );

const sample: RunEvent[] = (
  fc.sample(events, { numRuns: 40, seed: 1 }).find((one) => one.length > 3) ?? []
).slice(0, 4);
const text = encodeRunLog(header, sample);
const faultOf = (changed: string) => {
  const decoded = decodeRunLog(changed);
  if (decoded.ok) throw new Error('was accepted');
  return decoded.error;
};

describe('the log as text', () => {
  it('RLOG-10: what was encoded is decoded to equal values', () => {
    fc.assert(
      fc.property(events, (log) => {
        expect(decodeRunLog(encodeRunLog(header, log))).toEqual({ ok: true, value: { header, events: log } });
      }),
    );
  });

  it('RLOG-11: another version, another file and an empty one are refused', () => {
    expect(faultOf(text.replace('"version":1', '"version":2'))).toEqual({
      line: 1,
      message: 'the log has version 2; this program reads version 1',
    });
    expect(faultOf('{"a":1}\n').message).toMatch('no run log');
    expect(faultOf('').message).toBe('the file is empty');
    expect(faultOf('hello').line).toBe(1);
  });

  it('RLOG-11: a cut, a gap and a bad field are named with their line', () => {
    expect(faultOf(text.slice(0, -10))).toEqual({
      line: 5,
      message: 'the line is not JSON (is the file cut off?)',
    });
    const lines = text.split('\n');
    expect(faultOf(lines.toSpliced(2, 1).join('\n'))).toEqual({
      line: 3,
      message: 'event 7 follows event 5: lines are missing or out of order',
    });
    const broken = (from: string | RegExp, to: string) =>
      faultOf(lines.with(1, (lines[1] ?? '').replace(from, to)).join('\n'));
    expect(broken('"service.logged"', '"service.lost"')).toEqual({
      line: 2,
      message: 'type is unknown: "service.lost"',
    });
    expect(broken('"service":"order"', '"service":"orders"').message).toBe('service is unknown: "orders"');
    expect(broken(/"timeUs":\d+/, '"timeUs":-1').message).toBe(
      'timeUs must be a whole number of at least 0, not -1',
    );
    expect(broken(/"id":"[^"]+"/, '"id":"x"').message).toMatch('id must be');
  });

  it('RLOG-11: reading never throws', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.json(), fc.constantFrom(...text.split('\n')))),
        (lines) => {
          const decoded = decodeRunLog(lines.join('\n'));
          if (!decoded.ok) expect(decoded.error.line).toBeGreaterThan(0);
        },
      ),
    );
  });
});
