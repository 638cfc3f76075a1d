import SwaggerParser from '@apidevtools/swagger-parser';
import { describe, expect, it } from 'vitest';
import { loadMicroservice, loadMonolith, microservices, monolith } from '../../../../compositions/index.ts';
import { instanceId, type ServiceName } from '../../../../kernel/index.ts';
import { createTestWorld } from '../../../../kernel/testing/test-host.ts';
import { apiOf } from './api-documents.ts';

const COMPOSITIONS = [
  { name: 'microservices', services: microservices.services, load: loadMicroservice },
  { name: 'monolith', services: monolith.services, load: loadMonolith },
] as const;

/** What the running service itself answers. */
async function served(service: ServiceName, load: (typeof COMPOSITIONS)[number]['load']): Promise<unknown> {
  const world = createTestWorld();
  world.add(await load(service));
  const answer = await world.ask(instanceId(service, 1), {
    method: 'GET',
    path: '/openapi.json',
    plane: 'control',
  });
  expect(answer.status).toBe(200);
  return answer.body;
}

describe.each(COMPOSITIONS)('the documents of $name', ({ name, services, load }) => {
  const api = apiOf(name);
  const answering = services.filter((service) => service !== 'customers');

  it('are of every service that answers', () => {
    expect(api.map(({ service }) => service).sort()).toEqual([...answering].sort());
  });

  it.each(answering)('%s: the one that it serves itself, valid OpenAPI', async (service) => {
    const document = api.find((each) => each.service === service)?.document;
    expect(document).toEqual(await served(service, load));
    await SwaggerParser.validate(JSON.parse(JSON.stringify(document)));
  });

  it('name each operation once', () => {
    const keys = api.flatMap(({ operations }) => operations.map(({ key }) => key));
    expect(keys.length).toBeGreaterThan(20);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

const operation = (composition: string, key: string) =>
  apiOf(composition)
    .flatMap(({ operations }) => operations)
    .find((each) => each.key === key);

describe('an operation', () => {
  it('has its parameters, its body and what each status means', () => {
    expect(operation('microservices', 'product/setStock')).toMatchObject({
      method: 'PUT',
      path: '/products/{sku}/stock',
      description: 'For administrators.',
      exposed: true,
      parameters: [{ name: 'sku', in: 'path', required: true }],
      body: { properties: { stock: { type: 'integer' } } },
      answers: { 200: 'The good with its new stock.', 404: 'There is no such thing.' },
    });
  });

  it('is exposed as the gateway exposes it', () => {
    const exposed = (key: string) => operation('microservices', key)?.exposed;
    expect(['order/placeOrder', 'broker/listTopics', 'gateway/health'].map(exposed)).toEqual([
      true,
      true,
      true,
    ]);
    expect(['product/reserve', 'order/receiveEvent', 'user/health'].map(exposed)).toEqual([
      false,
      false,
      false,
    ]);
    expect(operation('monolith', 'order/placeOrder')?.exposed).toBe(true);
    expect(operation('monolith', 'monolith/health')?.exposed).toBe(true);
    expect(operation('monolith', 'payment-provider/capture')?.exposed).toBe(false);
    expect(operation('monolith', 'order/listSagas')).toBeUndefined();
  });
});
