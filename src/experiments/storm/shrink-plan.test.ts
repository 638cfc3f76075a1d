import { describe, expect, it } from 'vitest';
import { shrunkPlan } from './shrink-plan.ts';
import { type StormPlan, stormPlan } from './storm-plan.ts';

const crashes = ({ faults }: StormPlan) => faults.filter(({ fault }) => fault.kind === 'crash-at').length;
const losses = ({ faults }: StormPlan) => faults.filter(({ fault }) => fault.kind === 'loss').length;

/** A storm that has both. */
const seed = Array.from({ length: 100 }, (_, index) => index + 1).find((each) => {
  const plan = stormPlan(each);
  return crashes(plan) > 2 && losses(plan) > 1 && plan.cancellations.length > 0;
});
const plan = stormPlan(seed ?? 0);

describe('a shrunk storm', () => {
  it('has the faults that the failure needs, no commands, a short time and plain settings', async () => {
    const fails = async (smaller: StormPlan) => crashes(smaller) > 0 && losses(smaller) > 0;
    const small = await shrunkPlan(plan, fails);
    expect(await fails(small)).toBe(true);
    expect([small.faults.length, small.commands.length, small.cancellations.length]).toEqual([2, 0, 0]);
    expect(small.stormMs).toBeLessThan(plan.stormMs);
    expect(small.leastOrders).toBe(0);
    expect(small.settings.saga.giveUpMs).toBe(6000);
    expect(small.settings.safetyNets).not.toBe(plan.settings.safetyNets === 'custom' ? 'custom' : '');
  });

  it('keeps the settings that the failure needs', async () => {
    const { give } = { give: plan.settings.saga };
    const small = await shrunkPlan(plan, async ({ settings }) => settings.saga === give);
    expect(small.settings.saga).toBe(give);
    expect(small.faults).toEqual([]);
  });

  it('is the storm itself when there is no time', async () => {
    expect(
      await shrunkPlan(
        plan,
        async () => true,
        () => false,
      ),
    ).toEqual(plan);
  });

  it('has no fault where no instance is', async () => {
    const some = Array.from({ length: 30 }, (_, index) => stormPlan(index + 1));
    for (const each of some) {
      const small = await shrunkPlan(each, async ({ faults }) => faults.length === each.faults.length);
      for (const { fault } of small.faults) {
        if (fault.kind !== 'crash-at') continue;
        const [service, number] = [fault.instance.replace(/-\d+$/, ''), fault.instance.replace(/^.*-/, '')];
        const { instances } = small.settings.services[service as keyof typeof small.settings.services];
        expect(Number(number)).toBeLessThanOrEqual(instances);
      }
    }
  });
});
