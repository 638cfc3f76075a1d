import type { CompositionName } from '../compositions/index.ts';
import { instanceId, type RunSettings } from '../kernel/index.ts';
import type { ScheduledCommand } from './scenario.ts';
import { during, homeOf, type ScenarioOf, scenario, slowCode, TROUBLE } from './scenario-builder.ts';

// The scenarios of the classroom's setups that are not part of the measured comparison.

const { fromMs, lengthMs } = TROUBLE;
const END_MS = fromMs + lengthMs;

/** Product is made small and its callers are made eager. */
function stormySettings(settings: RunSettings): RunSettings {
  const { edge, services, load } = settings;
  const eager = {
    ...edge,
    timeoutMs: 1500,
    // Nothing holds the repeats back.
    retry: edge.retry && { ...edge.retry, maxAttempts: 4, budgetShare: 1, budgetMinimum: 1000 },
    breaker: null,
  };
  const small = { serviceTimeMs: 250, requestSlots: 2, cpuSlots: 2, queueLimit: 30 };
  return {
    ...settings,
    safetyNets: 'custom',
    edges: { 'gateway->product': eager, 'order->product': eager },
    services: {
      ...services,
      product: { ...services.product, ...small },
      // As many as the four services together, as always.
      monolith: { ...services.monolith, requestSlots: 24, cpuSlots: 24 },
    },
    // More looking, less buying: healthy, Product is busy for seven tenths of its time.
    load: { ...load, browsesPerSecond: 5, ordersPerSecond: 0.25 },
  };
}

const retryStorm = scenario(
  {
    name: 'retry-storm',
    title: 'Retry storm',
    text: 'Product is slow for 6 s, and whoever asks it tries up to four times. Why is the shop still down a minute later?',
  },
  (composition, classroom) => {
    const settings = stormySettings(classroom);
    return { settings, ...slowCode(composition, settings, 'product', { addMs: 4000, lengthMs: 6000 }) };
  },
);

const slowPayments = scenario(
  {
    name: 'slow-payments',
    title: 'Slow payments',
    text: 'For a minute the payment provider takes 2 s longer, and its callers wait 1 s. Which orders wait, and which are undone?',
  },
  () => {
    const target = { kind: 'service', service: 'payment-provider' } as const;
    return { faults: during({ kind: 'slow', target, addMs: 2000, spreadShare: 0, share: 1, lengthMs }) };
  },
);

const declinedCards = scenario(
  {
    name: 'declined-cards',
    title: 'Declined cards',
    text: 'For a minute the bank refuses every second card. Nothing is broken: watch the stock go back.',
  },
  () => {
    const at = (atMs: number, declineShare: number): ScheduledCommand => ({
      atMs,
      command: { type: 'settings.set', patch: { payment: { declineShare } } },
    });
    return { commands: [at(fromMs, 0.5), at(END_MS, 0)] };
  },
);

const LAST_ITEM = 'games-06';

const lastItem = scenario(
  {
    name: 'last-item',
    title: 'Last item',
    text: 'One Go board is left, and at 0:08 two customers order it at the same moment. Who gets it, and who learns when?',
  },
  (_, settings) => {
    const order = (customer: string): ScheduledCommand => ({
      atMs: fromMs,
      command: { type: 'order.place', customer, lines: [{ sku: LAST_ITEM, quantity: 1 }] },
    });
    return {
      settings: {
        ...settings,
        // Nobody else orders.
        load: { ...settings.load, ordersPerSecond: 0 },
        // The administrator's change is Product's first request with a token: it fetches User's keys for it, 1.6 s in all.
        safetyNets: 'custom',
        edges: { 'gateway->product': { ...settings.edge, timeoutMs: 3000 } },
      },
      commands: [
        {
          atMs: 3000,
          command: {
            type: 'request.send',
            method: 'PUT',
            path: `/products/${LAST_ITEM}/stock`,
            body: { stock: 1 },
            as: 'admin',
          },
        },
        order('ada@example.com'),
        order('ben@example.com'),
      ],
    };
  },
);

const oneBadInstance = scenario(
  {
    name: 'one-bad-instance',
    title: 'One bad instance',
    text: 'For a minute one of three Shipping instances answers everything with an error. Do retries hide it?',
  },
  (composition, settings) => {
    const { services } = settings;
    const three = {
      ...settings,
      services: { ...services, shipping: { ...services.shipping, instances: 3 } },
    };
    const target = { kind: 'instance', instance: instanceId('shipping', 2) } as const;
    return composition === 'microservices'
      ? { settings: three, faults: during({ kind: 'errors', target, status: 503, share: 1, lengthMs }) }
      : { settings: three };
  },
);

const gatewayOverload = scenario(
  {
    name: 'gateway-overload',
    title: 'Gateway overload',
    text: 'For a minute one customer sends 20 requests a second on top of everybody else. Who gets 429?',
  },
  () => {
    const at = (atMs: number, floodPerSecond: number): ScheduledCommand => ({
      atMs,
      command: { type: 'load.set', floodPerSecond },
    });
    return { commands: [at(fromMs, 20), at(END_MS, 0)] };
  },
);

/** The provider's answers get lost on their way to whoever asks it. */
const lostAnswersTo = (composition: CompositionName, length: number | null) =>
  ({
    kind: 'loss',
    target: { kind: 'edge', from: homeOf('order', composition), to: 'payment-provider' },
    way: 'response',
    share: 0.2,
    lengthMs: length,
  }) as const;

const lostAnswers = scenario(
  {
    name: 'lost-answers',
    title: 'Lost answers',
    text: 'For a minute 20 % of the payment provider’s answers vanish: it has done what it was asked, and nobody hears of it. Is anyone charged twice?',
  },
  (composition) => ({ faults: during(lostAnswersTo(composition, lengthMs)) }),
);

/**
 * They last until somebody clears them. Three of them alone are enough to turn orders away (Product, Order's errors,
 * Shipping's crashes); the other two only make orders slow.
 */
const everythingAtOnce = scenario(
  {
    name: 'everything-at-once',
    title: 'Everything at once',
    text: 'Five faults, no hints, and none of them ends by itself: bring orders back to 95 %.',
  },
  (composition, settings) => {
    const slow = slowCode(composition, settings, 'product', { addMs: 700, lengthMs: null });
    const placeOf = (service: 'order' | 'shipping') =>
      ({ kind: 'service', service: homeOf(service, composition) }) as const;
    // Inside the monolith no answer comes from a module's own door.
    const errors =
      composition === 'microservices'
        ? during({ kind: 'errors', target: placeOf('order'), status: 503, share: 0.4, lengthMs: null })
        : [];
    const slowStore = { kind: 'store-slow', target: placeOf('order'), addMs: 100, share: 1 } as const;
    const crashes = { kind: 'crash-loop', target: placeOf('shipping'), meanUpMs: 10_000 } as const;
    return {
      ...slow,
      faults: [
        ...(slow.faults ?? []),
        ...errors,
        ...during(
          lostAnswersTo(composition, null),
          { ...slowStore, lengthMs: null },
          { ...crashes, restartAfterMs: 5000, lengthMs: null },
        ),
      ],
    };
  },
);

export const CLASSROOM_SCENARIOS: readonly ScenarioOf[] = [
  slowPayments,
  retryStorm,
  declinedCards,
  lastItem,
  oneBadInstance,
  gatewayOverload,
  lostAnswers,
  everythingAtOnce,
];
