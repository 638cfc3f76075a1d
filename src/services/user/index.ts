import type { ServiceDefinition } from '../../kernel/index.ts';
import { defineService, registrationTask } from '../../patterns/index.ts';
import { userContract } from './contract.ts';
import { authoriseByOwnKeys, seedUser, userHandlers } from './handlers.ts';
import { signingKeysTable, usersTable } from './tables.ts';

export * from './account-model.ts';
export * from './contract.ts';
export * from './signing-keys.ts';
export * from './tables.ts';

export const userService: ServiceDefinition = defineService({
  contract: userContract,
  tables: [usersTable, signingKeysTable],
  background: [registrationTask()],
  authorise: authoriseByOwnKeys,
  onStart: seedUser,
  handlers: userHandlers,
});
