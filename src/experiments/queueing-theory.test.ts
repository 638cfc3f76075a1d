import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { erlangC, meanWaitMG1, meanWaitMMc } from './queueing-theory.ts';

describe('queueing theory', () => {
  it('has Erlang’s C of the books', () => {
    // Two servers, each half used: 1/3 (Kleinrock 1, § 3.5).
    expect(erlangC(2, 1)).toBeCloseTo(1 / 3, 12);
    // 10 erlangs on 14 agents: 17.4 % wait (the call centre handbooks' example: 200 calls an hour of 3 minutes).
    expect(erlangC(14, 10)).toBeCloseTo(0.174, 3);
    // One server: who arrives waits exactly when it is busy.
    expect(erlangC(1, 0.7)).toBeCloseTo(0.7, 12);
  });

  it('has the waits of Hillier and Lieberman’s emergency room', () => {
    // λ = 2 an hour, μ = 3 an hour: one doctor 2/3 h, two doctors 1/24 h (Introduction to Operations Research, § 17.6).
    expect(meanWaitMMc(1, 2, 1 / 3)).toBeCloseTo(2 / 3, 12);
    expect(meanWaitMMc(2, 2, 1 / 3)).toBeCloseTo(1 / 24, 12);
  });

  it('agrees with itself: M/G/1 of variation 1 is M/M/1, and of variation 0 waits half as long', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 0.99, noNaN: true }), (rho) => {
        const wait = meanWaitMMc(1, rho, 1);
        expect(meanWaitMG1(rho, 1, 1)).toBeCloseTo(wait, 6);
        expect(meanWaitMG1(rho, 1, 0)).toBeCloseTo(wait / 2, 6);
      }),
    );
  });

  it('is Erlang’s own sum, however many servers', () => {
    // Erlang 1917: C = (aᶜ/c! · c/(c−a)) / (Σ aᵏ/k! + aᶜ/c! · c/(c−a)).
    const bySum = (servers: number, erlangs: number): number => {
      let term = 1;
      let sum = 0;
      for (let k = 0; k < servers; k += 1) {
        sum += term;
        term *= erlangs / (k + 1);
      }
      const all = (term * servers) / (servers - erlangs);
      return all / (sum + all);
    };
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (c, rho) => {
          expect(erlangC(c, c * rho)).toBeCloseTo(bySum(c, c * rho), 9);
        },
      ),
    );
  });
});
