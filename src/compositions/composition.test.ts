import { describe, expect, it } from 'vitest';
import { classroomSettings } from '../setups/index.ts';
import { instancesOf, loadMicroservice, microservices } from './index.ts';

describe('the composition of microservices', () => {
  it('every service is there under its own name, with tables of different names', async () => {
    for (const service of microservices.services) {
      const definition = await loadMicroservice(service);
      expect(definition.name).toBe(service);
      const names = definition.tables.map((table) => table.name);
      expect(new Set(names).size).toBe(names.length);
    }
    await expect(loadMicroservice('monolith')).rejects.toThrow("no service 'monolith'");
  });

  it('has as many instances as the settings say, those that others lean on first', () => {
    const settings = classroomSettings();
    const two = {
      ...settings,
      services: { ...settings.services, order: { ...settings.services.order, instances: 2 } },
    };
    const instances = instancesOf(microservices, two);
    expect(instances.filter((instance) => instance.startsWith('order-'))).toEqual(['order-1', 'order-2']);
    expect(instances.at(0)).toBe('registry-1');
    expect(instances.at(-1)).toBe('customers-1');
    expect(instances).toHaveLength(10);
  });
});
