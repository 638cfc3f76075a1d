import { instanceId, type RunSettings, type ServiceDefinition } from '../../kernel/index.ts';
import { createTestWorld, type TestWorld } from '../../kernel/testing/test-host.ts';
import type { DeepPartial } from '../../kernel/testing/test-settings.ts';
import { registryService } from '../registry/index.ts';
import { DEMO_ADMIN, DEMO_CUSTOMERS, DEMO_PASSWORD } from '../user/contract.ts';
import { userService } from '../user/index.ts';

/** A world with the registry, User and these services, begun and registered. */
export async function openShop(
  services: readonly ServiceDefinition[],
  options: { readonly settings?: DeepPartial<RunSettings>; readonly seed?: number } = {},
): Promise<TestWorld> {
  const world = createTestWorld(options);
  for (const service of [registryService, userService, ...services]) world.add(service);
  await world.runFor(1500); // until all have found each other
  return world;
}

/** The token of a demo customer, or of the administrator, straight from User. */
export async function tokenFor(world: TestWorld, email: string): Promise<string> {
  const { status, body } = await world.ask(instanceId('user', 1), {
    method: 'POST',
    path: '/sessions',
    body: { email, password: DEMO_PASSWORD },
  });
  if (status !== 201) throw new Error(`sign-in of ${email}: ${status} ${JSON.stringify(body)}`);
  return (body as { token: string }).token;
}

export const ADA = DEMO_CUSTOMERS[0] ?? '';
export const BEN = DEMO_CUSTOMERS[1] ?? '';
export const ADMIN = DEMO_ADMIN;

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** Rows of every table of these databases: what a refused request must not change. */
export const snapshot = (world: TestWorld, databases: readonly string[]): string =>
  JSON.stringify(databases.map((name) => world.tables(name)));
