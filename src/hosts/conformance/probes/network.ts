import {
  type Context,
  callId,
  defineLocal,
  type HttpMethod,
  type HttpOutcome,
  type InstanceId,
  instanceId,
  type Json,
  parseJsonBody,
  plusMs,
  splitPath,
} from '../../../kernel/index.ts';
import { fieldsOf, type Probe, type Probes } from '../probe.ts';

const calls = defineLocal('calls', () => ({ made: 0 }));

export interface Sending {
  readonly to: InstanceId;
  readonly method?: HttpMethod;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | null;
  readonly timeoutMs?: number | null;
  readonly plane?: 'data' | 'control';
  /** A deadline of its own, so long after now. */
  readonly deadlineMs?: number;
}

/** One bare attempt. */
export async function sendTo(context: Context, sending: Sending): Promise<HttpOutcome> {
  const local = context.local(calls);
  local.made += 1;
  const { to, method = 'GET', path, headers = {}, body = null, timeoutMs = null, plane = 'data' } = sending;
  return await context.network.send({
    to,
    request: { method, path, headers, body },
    operation: `${method} ${splitPath(path).pathname}`,
    callId: callId(`${context.instance}.${context.incarnation}/${local.made}`),
    attempt: 1,
    plane,
    timeoutMs,
  });
}

/** Runs a probe in another instance; throws when it fails. */
export async function askProbe(context: Context, to: InstanceId, probe: string, input: Json): Promise<Json> {
  const headers = { 'content-type': 'application/json' };
  const sending = {
    to,
    method: 'POST',
    path: `/probes/${probe}`,
    headers,
    body: JSON.stringify(input),
  } as const;
  const outcome = await sendTo(context, sending);
  if (!outcome.ok) throw new Error(`${to} ${probe}: ${outcome.error.kind}`);
  const json = parseJsonBody(outcome.value.body);
  if (outcome.value.status !== 200 || !json.ok) throw new Error(`${to} ${probe}: ${outcome.value.status}`);
  return json.value as Json;
}

const sendWithin = async (context: Context, sending: Sending): Promise<HttpOutcome> =>
  sending.deadlineMs === undefined
    ? await sendTo(context, sending)
    : await context.scope(
        { name: 'until a deadline', deadlineUs: plusMs(context.clock.now(), sending.deadlineMs) },
        async (own) => await sendTo(own, sending),
      );

/** Sends once; gives what came of it, and after how long (µs). */
const send: Probe = async (context, input) => {
  const before = context.clock.now();
  const outcome = await sendWithin(context, fieldsOf<Sending>(input));
  return { outcome: outcome as unknown as Json, tookUs: context.clock.now() - before };
};

/** Sends, and gives up after `giveUpMs`; then waits `thenMs` for whatever may still come. */
const sendAndGiveUp: Probe = async (context, input) => {
  const { giveUpMs, thenMs, ...sending } = fieldsOf<Sending & { giveUpMs: number; thenMs: number }>(input);
  const result = await context.within(giveUpMs, async (own) => await sendTo(own, sending));
  await context.clock.sleep(thenMs);
  return result.ok ? 'answered' : result.error;
};

/** Sends one after the other without waiting for answers, each `apartMs` later; gives statuses and the order of the answers. */
const sendMany: Probe = async (context, input) => {
  const { apartMs, sendings } = fieldsOf<{ apartMs: number; sendings: readonly Sending[] }>(input);
  const ended: Json[] = [];
  await context.all(
    sendings.map((sending, number) => async (own: Context) => {
      await own.clock.sleep(apartMs * number);
      const outcome = await sendWithin(own, sending);
      const { ok } = outcome;
      ended.push({
        number,
        came: ok ? outcome.value.status : outcome.error.kind,
        retryAfter: ok ? (outcome.value.headers['retry-after'] ?? null) : null,
      });
    }),
  );
  return ended;
};

/** Who calls, as the host says it; and the span and deadline that came with the call. */
const whoAsks: Probe = async ({ caller, span, deadlineUs, clock }) =>
  await Promise.resolve({
    caller: caller === null ? null : { service: caller.service, instance: caller.instance },
    hasSpan: span !== null,
    leftMs: deadlineUs === null ? null : (deadlineUs - clock.now()) / 1000,
  });

/** Asks another instance to ask a third one who asks it: a deadline travels along. */
const deadlineTravels: Probe = async (context, input) => {
  const { deadlineMs } = fieldsOf<{ deadlineMs: number }>(input);
  return await context.scope(
    { name: 'until a deadline', deadlineUs: plusMs(context.clock.now(), deadlineMs) },
    async (own) => {
      const direct = await askProbe(own, instanceId('product', 1), 'whoAsks', null);
      const relayed = await askProbe(own, instanceId('order', 2), 'relayWhoAsks', null);
      return { direct, relayed };
    },
  );
};

const relayWhoAsks: Probe = async (context) =>
  await askProbe(context, instanceId('product', 1), 'whoAsks', null);

export const networkProbes: Probes = {
  send,
  sendAndGiveUp,
  sendMany,
  whoAsks,
  deadlineTravels,
  relayWhoAsks,
};
