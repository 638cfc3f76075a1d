import { expect, it } from 'vitest';
import { LabRun } from '../hosts/virtual/index.ts';
import { scenarioNamed } from '../setups/index.ts';
import { ORDER_PATH_LINES } from './order-path-lines.ts';
import { SideMeasurement } from './side-figures.ts';

const turn = (next: () => void) => setImmediate(next);
const FROM_MS = 2000;

async function sideOf(composition: 'microservices' | 'monolith', untilMs: number) {
  const scenario = scenarioNamed('shipping-down', composition);
  if (scenario === null) throw new Error('there is no setup shipping-down');
  const run = await LabRun.create({ ...scenario, turn });
  await run.advanceTo(untilMs);
  const side = new SideMeasurement(FROM_MS);
  for (const event of run.events) side.add(event);
  return { figures: side.at(untilMs * 1000), events: run.events };
}

it('says of both sides what their logs say', async () => {
  const [services, monolith] = [await sideOf('microservices', 20_000), await sideOf('monolith', 20_000)];
  expect(services.figures).toMatchObject({
    deployables: 7,
    services: 5,
    orderPathLines: ORDER_PATH_LINES.microservices,
  });
  expect(monolith.figures).toMatchObject({
    deployables: 1,
    databases: 1,
    services: 1,
    blast: { services: ['monolith'], ofServices: 1 },
    orderPathLines: ORDER_PATH_LINES.monolith,
  });
  expect(services.figures.databases).toBeGreaterThanOrEqual(6);
  // Browsing needs no Shipping.
  expect(services.figures.kinds.browse.success).toBe(1);
  expect(services.figures.blast).toMatchObject({ services: ['shipping'], ofServices: 5 });
  expect(monolith.figures.kinds.browse.success).toBeLessThan(1);
  // Goods are held together with the order, in one transaction.
  expect(monolith.figures.halfDoneGoodsMean).toBe(0);
  expect(services.figures.halfDoneGoodsMean).toBeGreaterThan(0);
  const { p50Us, p95Us, p99Us } = services.figures.kinds.browse;
  expect(p50Us).toBeLessThanOrEqual(p95Us ?? 0);
  expect(p95Us).toBeLessThanOrEqual(p99Us ?? 0);
});

it('counts the network calls of confirmed orders, and how long instances were up', async () => {
  const { figures, events } = await sideOf('monolith', 8000);
  // Placed once, then the provider is asked to authorise and to capture; the first order signs in before.
  expect(figures.callsPerOrder).toBeGreaterThanOrEqual(3);
  expect(figures.callsPerOrder).toBeLessThan(6);
  const ready = events.find((event) => event.type === 'instance.ready' && event.instance === 'monolith-1');
  expect(figures.instanceUs).toBe(8_000_000 - (ready?.timeUs ?? 0));
  const down = await sideOf('monolith', 20_000);
  const crash = down.events.find((event) => event.type === 'instance.crashed');
  expect(down.figures.instanceUs).toBe((crash?.timeUs ?? 0) - (ready?.timeUs ?? 0));
});
