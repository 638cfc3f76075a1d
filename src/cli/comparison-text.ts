import { type Sweep, summarise } from '../experiments/index.ts';
import { numberText, percentText, secondsText } from './sweep-text.ts';

const SIDES = { microservices: 'services', monolith: 'monolith' } as const;

/** Sweeps as one table of Markdown, a row each. */
export function comparisonText(sweeps: readonly Sweep[]): string {
  const header = [
    'what is broken',
    'shop as',
    'orders',
    'browsing',
    'order status',
    'order, median',
    'order, 95 %',
    'half-done',
    'of them goods',
    'good orders/s',
    'good answers/s',
  ];
  const rows = sweeps.map((sweep) => {
    const { intents, halfDone, goodput, goodputOf } = summarise(sweep);
    const { setup } = sweep.plan;
    return [
      setup.title,
      SIDES[setup.composition],
      percentText(intents.order.success),
      percentText(intents.browse.success),
      percentText(intents.status.success),
      secondsText(intents.order.latency.p50Ms),
      secondsText(intents.order.latency.p95Ms),
      numberText(halfDone.mean),
      numberText(halfDone.meanOfGoods),
      numberText(goodputOf.order),
      numberText(goodput),
    ];
  });
  return [header, header.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |\n`).join('');
}
