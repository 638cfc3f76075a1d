import { describe, expect, it } from 'vitest';
import { type Deployment, instanceId } from '../../kernel/index.ts';
import { byTraffic } from './traffic.ts';

const [one, two, three, four] = [1, 2, 3, 4].map((number) => instanceId('order', number));
const all = [one, two, three, four].filter((instance) => instance !== undefined);
const deployment = (traffic: Deployment['traffic']): Deployment => ({
  stable: 'v1',
  instances: [
    { number: 1, version: 'v1' },
    { number: 2, version: 'v1' },
    { number: 3, version: 'v2' },
  ],
  traffic,
});
const never = () => {
  throw new Error('nothing is to be drawn');
};

describe('shares of requests by version', () => {
  it.each([
    [0, [one, two]],
    [0.8999, [one, two]],
    [0.9, [three]],
    [0.9999, [three]],
  ])('TRF-1 a draw of %f', (uniform, expected) => {
    expect(byTraffic(all, deployment({ v1: 0.9, v2: 0.1 }), () => uniform)).toEqual(expected);
  });

  it('TRF-1 without shares, all are asked alike', () => {
    expect(byTraffic(all, deployment(null), never)).toEqual(all);
    expect(byTraffic(all, undefined, never)).toEqual(all);
  });

  it('TRF-2 a version that is not named gets nothing, and neither does an instance that is not deployed', () => {
    expect(byTraffic(all, deployment({ v1: 1 }), never)).toEqual([one, two]);
    expect(byTraffic(all, deployment({ v2: 1 }), never)).toEqual([three]);
  });

  it('TRF-3 the share of a version that this caller knows no instance of goes to the others', () => {
    expect(
      byTraffic(
        [one, two].filter((i) => i !== undefined),
        deployment({ v1: 0.1, v2: 0.9 }),
        never,
      ),
    ).toEqual([one, two]);
  });

  it('TRF-4 nobody known of those that should be asked: better anybody than nobody', () => {
    expect(
      byTraffic(
        [one].filter((i) => i !== undefined),
        deployment({ v2: 1 }),
        never,
      ),
    ).toEqual([one]);
  });
});
