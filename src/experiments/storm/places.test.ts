import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LabRun } from '../../hosts/virtual/index.ts';
import type { RunEvent } from '../../kernel/index.ts';
import {
  brokerContract,
  eventsOperation,
  jwksOperation,
  operationName,
  registryContract,
} from '../../patterns/index.ts';
import { orderContract } from '../../services/order/contract.ts';
import { paymentProviderContract } from '../../services/payment-provider/contract.ts';
import { productContract } from '../../services/product/contract.ts';
import { shippingContract } from '../../services/shipping/contract.ts';
import { userContract } from '../../services/user/contract.ts';
import { EDGES, HANDLED, SENT, STRIKABLE, type Strikable, TRANSACTIONS } from './places.ts';
import { stormPlan } from './storm-plan.ts';

const contracts = {
  registry: registryContract,
  'payment-provider': paymentProviderContract,
  broker: brokerContract,
  user: userContract,
  product: productContract,
  shipping: shippingContract,
  order: orderContract,
};

const offered = (service: keyof typeof contracts): string[] => [
  ...Object.values(contracts[service].operations).map(operationName),
  operationName(eventsOperation(service)),
  ...(service === 'user' ? [operationName(jwksOperation)] : []),
];
const offeredByAny = new Set((Object.keys(contracts) as (keyof typeof contracts)[]).flatMap(offered));

/** All source text of these folders, tests left out. */
function sourceOf(...folders: string[]): string {
  return folders
    .flatMap((folder) => {
      const url = new URL(`../../${folder}/`, import.meta.url);
      return readdirSync(url, { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts') && !/\.test\.ts$|testing/.test(file))
        .map((file) => readFileSync(new URL(file, url), 'utf8'));
    })
    .join('\n');
}

describe('where a storm may strike', () => {
  it('knows operations that the contracts have', () => {
    for (const service of STRIKABLE) {
      if (service === 'gateway') for (const name of HANDLED.gateway) expect(offeredByAny).toContain(name);
      else for (const name of HANDLED[service]) expect(offered(service)).toContain(name);
      for (const name of SENT[service]) expect(offeredByAny).toContain(name);
    }
  });

  it('knows transactions that the source names', () => {
    const missing: string[] = [];
    for (const service of STRIKABLE) {
      const source = sourceOf('patterns', `services/${service}`);
      const lookFor = (name: string, text: string | RegExp) => {
        const stands = typeof text === 'string' ? source.includes(text) : text.test(source);
        if (!stands) missing.push(`${service}: ${name}`);
      };
      for (const name of TRANSACTIONS[service]) {
        const [, step, what] = /^saga (\w+[A-Z]\w*) (\w+)$/.exec(name) ?? [];
        if (step === undefined) {
          const [, topic] = /^consume (\w+)$/.exec(name) ?? [];
          lookFor(name, topic === undefined ? `'${name}'` : `topic: '${topic}'`);
        } else {
          lookFor(name, `${step}: {`);
          lookFor(name, new RegExp(`saga \\$\\{(meta\\.)?step\\} ${what}`));
        }
      }
    }
    expect(missing).toEqual([]);
  });

  it('knows every edge, request and transaction that a storm’s log tells of', {
    timeout: 120_000,
  }, async () => {
    const plan = stormPlan(5);
    const setup = { name: 'storm', title: 'storm', text: '', seed: 5, composition: 'microservices' } as const;
    const run = await LabRun.create({
      setup: { ...setup, settings: plan.settings, faults: plan.faults },
      // What an instance does as it takes its leave is no place where a fault of a storm sits.
      commands: plan.commands.filter(({ command }) => command.type !== 'release.start'),
      turn: (next) => void setImmediate(next),
    });
    await run.advanceTo(120_000);
    const isStrikable = (service: string): service is Strikable =>
      (STRIKABLE as readonly string[]).includes(service);
    const unknown = new Set<string>();
    const look = (event: RunEvent) => {
      if (
        event.type === 'request.sent' &&
        !EDGES.some(([from, to]) => from === event.service && to === event.to)
      )
        unknown.add(`${event.service} calls ${event.to}`);
      if (!isStrikable(event.service)) return;
      if (event.type === 'store.committed' && !TRANSACTIONS[event.service].includes(event.operation))
        unknown.add(`${event.service} commits ${event.operation}`);
      if (event.type === 'request.received' && !HANDLED[event.service].includes(event.operation))
        unknown.add(`${event.service} handles ${event.operation}`);
    };
    for (const event of run.events) look(event);
    expect([...unknown]).toEqual([]);
  });
});
