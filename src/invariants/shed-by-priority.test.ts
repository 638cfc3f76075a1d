import { expect, it } from 'vitest';
import type { Priority } from '../kernel/index.ts';
import { testSettings } from '../kernel/testing/test-settings.ts';
import { found, LogBuilder } from './testing/log-builder.ts';

const shed = (priority: Priority, leastWaiting: Priority | null) =>
  ({
    type: 'request.shed',
    operation: 'GET /',
    plane: 'data',
    slots: 1,
    queued: 2,
    priority,
    leastWaiting,
  }) as const;

it.each([
  ['critical', 'sheddable', true],
  ['normal', 'sheddable', true],
  ['critical', 'normal', true],
  ['normal', 'normal', false],
  ['sheddable', 'critical', false],
  ['critical', null, false],
] as const)('INV-23, SHED-1 %s is turned away while %s waits: %s', (priority, least, isWrong) => {
  const log = new LogBuilder().add('product', shed(priority, least));
  expect(found('INV-23', log)).toEqual(
    isWrong ? [`GET / (${priority}) was turned away while ${least} work waits`] : [],
  );
});

it('INV-23 asks nothing of a shop that turns the newest away', () => {
  const settings = JSON.parse(JSON.stringify(testSettings({ shedding: 'newest' })));
  const log = new LogBuilder()
    .add('run', { type: 'run.settings.changed', settings })
    .add('product', shed('critical', 'sheddable'));
  expect(found('INV-23', log)).toEqual([]);
});
