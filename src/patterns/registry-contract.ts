import * as z from 'zod/mini';
import type { InstanceId } from '../kernel/index.ts';
import { SERVICE_NAMES } from '../kernel/index.ts';
import type { Access } from './contract.ts';
import { defineContract, operation } from './define-contract.ts';

const everyService: Access = { kind: 'services', services: SERVICE_NAMES };

export const instanceIdSchema = z.custom<InstanceId>(
  (value) => typeof value === 'string' && /^[a-z]+(-[a-z]+)*-[1-9]\d*$/.test(value),
  'must be an instance id, such as order-1',
);

const instanceParams = z.object({ instanceId: instanceIdSchema });

export const registeredInstanceSchema = z.object({
  instanceId: instanceIdSchema,
  service: z.enum(SERVICE_NAMES),
  /** Integer microseconds of run time. */
  registeredAtUs: z.number(),
  leaseUntilUs: z.number(),
});

export type RegisteredInstance = z.output<typeof registeredInstanceSchema>;

/** What the registry answers; the client half is in `discovery.ts`. All of it is the control plane. */
export const registryContract = defineContract({
  service: 'registry',
  title: 'Registry',
  version: '1.0.0',
  operations: {
    registerInstance: operation('registry', {
      id: 'registerInstance',
      method: 'PUT',
      path: '/instances/{instanceId}',
      summary: 'Registers an instance, or renews its lease: one heartbeat.',
      access: everyService,
      params: instanceParams,
      body: z.strictObject({ service: z.enum(SERVICE_NAMES) }),
      answers: {
        200: {
          description: 'The lease is renewed, or new.',
          body: z.object({ leaseMs: z.number(), leaseUntilUs: z.number() }),
        },
      },
      plane: 'control',
    }),
    listInstances: operation('registry', {
      id: 'listInstances',
      method: 'GET',
      path: '/instances',
      summary: 'The instances whose lease has not run out.',
      access: everyService,
      query: z.object({ service: z.optional(z.enum(SERVICE_NAMES)) }),
      answers: {
        200: {
          description: 'All of them, or those of one service.',
          body: z.object({ instances: z.array(registeredInstanceSchema) }),
        },
      },
      plane: 'control',
    }),
    removeInstance: operation('registry', {
      id: 'removeInstance',
      method: 'DELETE',
      path: '/instances/{instanceId}',
      summary: 'Takes an instance out; harmless when it is not there.',
      access: everyService,
      params: instanceParams,
      answers: { 204: { description: 'It is not registered any more.', body: null } },
      plane: 'control',
    }),
  },
});
