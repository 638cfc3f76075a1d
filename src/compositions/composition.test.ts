import { describe, expect, it } from 'vitest';
import { classroomSettings } from '../setups/index.ts';
import { compositions, entryOf, instancesOf, microservices } from './index.ts';

describe.each(Object.entries(compositions))('the composition %s', (name, { composition, load }) => {
  it('has every service under its own name, with tables of different names', async () => {
    expect(composition.name).toBe(name);
    for (const service of composition.services) {
      const definition = await load(service);
      expect(definition.name).toBe(service);
      const names = definition.tables.map((table) => table.name);
      expect(new Set(names).size).toBe(names.length);
    }
    await expect(load('run')).rejects.toThrow("no service 'run'");
  });

  it('has its door among its services, and customers last', () => {
    expect(composition.services).toContain(composition.entry);
    expect(composition.services.at(-1)).toBe('customers');
    expect(instancesOf(composition, classroomSettings())).toContain(entryOf(composition));
  });
});

describe('the composition of microservices', () => {
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
