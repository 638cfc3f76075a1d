import { loadMicroservice, microservices } from '../src/compositions/index.ts';
import type { RunEvent } from '../src/kernel/index.ts';
import { createTestWorld } from '../src/kernel/testing/test-host.ts';
import { classroomSettings } from '../src/setups/index.ts';

/** The run log of the real services under the classroom's load, on a virtual clock: the same for every benchmark. */
export async function classroomLog(seconds: number): Promise<readonly RunEvent[]> {
  const world = createTestWorld({ settings: classroomSettings(), seed: 7 });
  for (const service of microservices.services) world.add(await loadMicroservice(service));
  await world.runFor(seconds * 1000);
  return world.events.map((event, seq) => ({ ...event, seq }));
}
