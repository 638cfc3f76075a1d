import {
  defineLocal,
  elapsedMs,
  emptyResponse,
  type InstanceId,
  jsonResponse,
  parseJsonBody,
  plusMs,
  type RunTimeUs,
  type ServiceDefinition,
  type ServiceName,
} from '../../kernel/index.ts';
import { testService } from '../../kernel/testing/test-host.ts';

interface Entry {
  readonly service: ServiceName;
  readonly registeredAtUs: RunTimeUs;
  leaseUntilUs: RunTimeUs;
}

const entries = defineLocal('fake-registry', () => new Map<InstanceId, Entry>());

/** A registry of so few lines as the tests of its clients need. */
export const fakeRegistry = (): ServiceDefinition =>
  testService('registry', {
    operationOf: ({ method, path }) =>
      `${method} ${path.replace(/^\/instances\/.+$/, '/instances/{instanceId}')}`,
    handle: async (request, context) => {
      const known = context.local(entries);
      const nowUs = context.clock.now();
      const id = /^\/instances\/(.+)$/.exec(request.path)?.[1] as InstanceId | undefined;
      if (request.method === 'PUT' && id !== undefined) {
        const body = parseJsonBody(request.body);
        const { service } = (body.ok ? body.value : {}) as { service: ServiceName };
        const { leaseMs } = context.settings.registry;
        const leaseUntilUs = plusMs(nowUs, leaseMs);
        known.set(id, { service, registeredAtUs: known.get(id)?.registeredAtUs ?? nowUs, leaseUntilUs });
        return jsonResponse(200, { leaseMs, leaseUntilUs });
      }
      if (request.method === 'DELETE' && id !== undefined) {
        known.delete(id);
        return emptyResponse();
      }
      const instances = [...known]
        .filter(([, entry]) => elapsedMs(nowUs, entry.leaseUntilUs) > 0)
        .map(([instanceId, entry]) => ({ instanceId, ...entry }));
      return jsonResponse(200, { instances });
    },
  });
