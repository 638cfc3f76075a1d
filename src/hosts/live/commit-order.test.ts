import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CommitOrder } from './commit-order.ts';

const entry = (number: number) => ({ number, events: [] });

function commitOrder() {
  const told: string[] = [];
  const lookedUp: string[] = [];
  const order = new CommitOrder({
    tell: (service, { number }) => told.push(`${service} ${number}`),
    lookUp: (service) => lookedUp.push(service),
  });
  return { order, told, lookedUp };
}

describe('the order of commits', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is the database’s, whoever tells first; each database has its own', () => {
    const { order, told } = commitOrder();
    order.add('order', entry(2));
    order.add('product', entry(1));
    order.add('order', entry(3));
    expect(told).toEqual(['product 1']);
    order.add('order', entry(1));
    expect(told).toEqual(['product 1', 'order 1', 'order 2', 'order 3']);
  });

  it('is asked of the database when one is missing for long, and what it has no more has been told', () => {
    const { order, told, lookedUp } = commitOrder();
    order.add('order', entry(3));
    order.add('order', entry(5));
    vi.advanceTimersByTime(1000);
    expect(lookedUp).toEqual(['order']);
    order.found('order', [entry(4), entry(2), entry(5), entry(3)]);
    expect(told).toEqual(['order 2', 'order 3', 'order 4', 'order 5']);
    order.add('order', entry(1));
    order.add('order', entry(4));
    order.add('order', entry(6));
    expect(told.slice(4)).toEqual(['order 6']);
  });

  it('asks again while one is still missing, and not when none is', () => {
    const { order, told, lookedUp } = commitOrder();
    order.add('order', entry(4));
    vi.advanceTimersByTime(150);
    order.found('order', [entry(2)]);
    expect(told).toEqual(['order 2']);
    vi.advanceTimersByTime(150);
    expect(lookedUp).toEqual(['order', 'order']);
    order.add('order', entry(3));
    expect(told).toEqual(['order 2', 'order 3', 'order 4']);
    vi.advanceTimersByTime(10_000);
    expect(lookedUp).toHaveLength(2);
  });

  it('goes on after a reload where it had been', () => {
    const { order, told } = commitOrder();
    order.found('order', [entry(7)]);
    order.begin('order', 9);
    order.add('order', entry(11));
    order.add('order', entry(10));
    expect(told).toEqual(['order 7', 'order 10', 'order 11']);
  });

  it('begins at 1 again with another database in the place of one that was deleted', () => {
    const { order, told } = commitOrder();
    order.begin('order', 9);
    order.add('order', entry(11));
    order.beginAgain('order');
    order.add('order', entry(2));
    order.add('order', entry(1));
    order.stop();
    expect(told).toEqual(['order 1', 'order 2']);
  });

  it('an empty database tells nothing and holds nothing up', () => {
    const { order, told } = commitOrder();
    order.found('order', []);
    order.begin('order', 0);
    order.add('order', entry(1));
    order.stop();
    expect(told).toEqual(['order 1']);
  });
});
