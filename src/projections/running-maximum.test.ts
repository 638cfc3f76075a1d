import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RunningMaximum } from './running-maximum.ts';

it('property: raises each number to the largest before it, and counts those up to a value', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 50 }), { maxLength: 3000 }), fc.nat({ max: 60 }), (values, limit) => {
      const times = new RunningMaximum();
      for (const value of values) times.push(value);
      let largest = 0;
      const raised = values.map((value) => {
        largest = Math.max(largest, value);
        return largest;
      });
      expect(Array.from({ length: times.length }, (_, index) => times.at(index))).toEqual(raised);
      expect(times.countUpTo(limit)).toBe(raised.filter((value) => value <= limit).length);
    }),
  );
});
