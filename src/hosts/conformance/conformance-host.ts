import type { Fault } from '../../faults/index.ts';
import type {
  HttpMethod,
  InstanceId,
  Json,
  RunEvent,
  RunEventOf,
  RunEventType,
  ServiceName,
} from '../../kernel/index.ts';

/** What came back from outside the door: null when nobody answered. */
export interface Answer {
  readonly status: number | null;
  readonly body: Json;
}

/** A host with the conformance services running, as a case sees it: the same for all hosts. */
export interface ConformanceHost {
  readonly name: string;
  readonly seed: number;
  /** Run time is virtual: whatever takes time takes exactly so much, and nothing else takes any. */
  readonly virtual: boolean;
  /** Sends a request from outside to an instance, through the gateway. */
  send(instance: InstanceId, method: HttpMethod, path: string, body?: Json): Promise<Answer>;
  /** Lets run time go on until `look` gives something; throws when that takes longer than `withinMs` of it. */
  until<T>(look: () => T | undefined | null | false, withinMs?: number): Promise<T>;
  /** Lets so much run time pass. */
  pass(ms: number): Promise<void>;
  /** False when it does not live. */
  crash(instance: InstanceId): Promise<boolean>;
  restart(instance: InstanceId): Promise<void>;
  addFault(fault: Fault): Promise<void>;
  changeSettings(patch: Json): Promise<void>;
  events(): readonly RunEvent[];
  tables(service: ServiceName): Promise<Record<string, readonly Json[]>>;
  stop(): Promise<void>;
}

/** Runs a probe in an instance; throws when it did not answer with 200. */
export async function probe<T>(
  host: ConformanceHost,
  instance: InstanceId,
  name: string,
  input: Json = null,
): Promise<T> {
  const { status, body } = await host.send(instance, 'POST', `/probes/${name}`, input);
  if (status !== 200) throw new Error(`${name} at ${instance}: ${status} ${JSON.stringify(body)}`);
  return body as T;
}

export const eventsOf = <Type extends RunEventType>(host: ConformanceHost, type: Type): RunEventOf<Type>[] =>
  host.events().filter((event) => event.type === type) as RunEventOf<Type>[];

/** What services have said in the log, of those that say something with this in it. */
export const said = (host: ConformanceHost, about: string): string[] =>
  eventsOf(host, 'service.logged')
    .map(({ message }) => message)
    .filter((message) => message.includes(about));

let marks = 0;

/** Waits until the log holds all that this instance has written by now. */
export async function caughtUp(host: ConformanceHost, instance: InstanceId): Promise<void> {
  marks += 1;
  const token = `mark ${marks}`;
  await probe(host, instance, 'mark', token);
  await host.until(() => said(host, token).length > 0);
}
