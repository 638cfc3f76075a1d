import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../kernel/index.ts';
import { RunLog } from './index.ts';

const event = (seq: number): RunEvent =>
  ({ id: `order-1.1.${seq}`, seq, timeUs: 0, type: 'service.logged', message: 'x'.repeat(100) }) as RunEvent;
const range = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => event(from + index));

describe('the log in memory', () => {
  it('RLOG-8: appends in order and refuses a gap or a repetition', () => {
    const log = new RunLog();
    log.append(range(3, 6));
    expect(log.slice().map((one) => one.seq)).toEqual([3, 4, 5]);
    expect(log.slice(5).map((one) => one.seq)).toEqual([5]);
    expect(log.slice(9)).toEqual([]);
    expect(() => log.append([event(7)])).toThrow('expects event 6');
    expect(() => log.append([event(5)])).toThrow('expects event 6');
    expect(log.nextSeq).toBe(6);
  });

  it('RLOG-8: a list that was given out does not change', () => {
    const log = new RunLog();
    log.append(range(0, 2));
    const before = log.slice();
    log.append(range(2, 4));
    expect(before).toHaveLength(2);
  });

  it('RLOG-9: what is in memory stays below the bound, and what has left is counted', () => {
    const log = new RunLog({ maxBytes: 50_000 });
    let dropped = 0;
    for (let seq = 0; seq < 1000; seq += 10) {
      dropped += log.append(range(seq, seq + 10));
      expect(log.bytes).toBeLessThanOrEqual(50_000);
    }
    expect(dropped).toBeGreaterThan(0);
    expect(log.dropped).toBe(dropped);
    expect(log.size).toBe(1000 - dropped);
    expect(log.slice()[0]?.seq).toBe(dropped);
    expect(log.slice(0).at(-1)?.seq).toBe(999);
  });

  it('RLOG-9: another bound holds from now on', () => {
    const log = new RunLog();
    log.append(range(0, 500));
    log.limit(20_000);
    expect(log.bytes).toBeLessThanOrEqual(20_000);
    log.append(range(500, 1000));
    expect(log.bytes).toBeLessThanOrEqual(20_000);
    expect(log.slice().at(-1)?.seq).toBe(999);
    expect(log.dropped + log.size).toBe(1000);
  });
});
