import type { ServiceDefinition, ServiceName } from '../../kernel/index.ts';
import { defineContract, defineService } from '../../patterns/index.ts';
import { control } from './commands.ts';
import { healthChecks, openFrontDoor } from './front-door.ts';
import { loadTasks } from './load.ts';

/** Answers nothing but `GET /health`. */
export const customersContract = defineContract({
  service: 'customers',
  title: 'Customers',
  version: '1.0.0',
  operations: {},
});

/** The shop's clientele: an open-model load, and what a person does by hand. `entry`: who answers them. */
export const customersOf = (entry: ServiceName): ServiceDefinition =>
  defineService({
    contract: customersContract,
    tables: [],
    handlers: {},
    onStart: async (context) => {
      openFrontDoor(context, entry);
    },
    background: [...loadTasks, healthChecks],
    control,
  });
