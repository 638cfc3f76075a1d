import type { ServiceDefinition } from '../../kernel/index.ts';
import { defineContract, defineService } from '../../patterns/index.ts';
import { control } from './commands.ts';
import { loadTasks } from './load.ts';

/** Answers nothing but `GET /health`. */
export const customersContract = defineContract({
  service: 'customers',
  title: 'Customers',
  version: '1.0.0',
  operations: {},
});

/** The shop's clientele: an open-model load, and what a person does by hand. */
export const customersService: ServiceDefinition = defineService({
  contract: customersContract,
  tables: [],
  handlers: {},
  background: loadTasks,
  control,
});
