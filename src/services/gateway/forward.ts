import type { Context, HttpHeaders, HttpRequest, HttpResponse, ServiceName } from '../../kernel/index.ts';
import {
  type AnyOperation,
  callRaw,
  operationName,
  type Problem,
  problem,
  type RawOutcome,
} from '../../patterns/index.ts';

// What a customer may say to a service. All else stays here: hop-by-hop headers belong to this connection
// (RFC 9110 §7.6.1), and nobody outside may tell a service who calls, in which trace, or by when.
const PASSED_ON = [
  'accept',
  'accept-language',
  'authorization',
  'content-type',
  'idempotency-key',
  'if-match',
  'if-none-match',
];

const KEPT_BACK = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'traceparent',
  'tracestate',
]);

const passedOn = (headers: HttpHeaders): HttpHeaders =>
  Object.fromEntries(
    PASSED_ON.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])),
  );

const broughtBack = (headers: HttpHeaders): HttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !KEPT_BACK.has(name)));

/** Sends a request on to a service and gives its answer as it is, or a problem that says why there is none. */
export async function forward(
  context: Context,
  service: ServiceName,
  operation: AnyOperation,
  request: HttpRequest,
): Promise<HttpResponse | Problem> {
  const outcome = await callRaw(context, {
    service,
    operationName: operationName(operation),
    request: {
      ...request,
      headers: passedOn(request.headers),
      body: operation.body === null ? null : request.body,
    },
    repeatable: operation.repeatable,
    plane: operation.plane,
  });
  if (outcome.kind === 'response') {
    const { status, headers, body } = outcome.response;
    return { status, headers: broughtBack(headers), body };
  }
  return outcome.kind === 'rejected' ? notSent(service, outcome) : noAnswer(service, outcome);
}

function notSent(
  service: ServiceName,
  { by, reason, mayHaveHappened }: Extract<RawOutcome, { kind: 'rejected' }>,
): Problem {
  if (by === 'deadline') {
    const detail = mayHaveHappened
      ? `There was no time left to ask ${service} again: an earlier attempt was sent and may have taken effect.`
      : `There was no time left to ask ${service}.`;
    return problem(504, 'deadline-exceeded', 'Out of time', detail);
  }
  const details: Readonly<Record<Exclude<typeof by, 'deadline'>, string>> = {
    'circuit-breaker': `The gateway's circuit breaker to ${service} is open: too many of its last calls failed. Try again later.`,
    bulkhead: `Too many requests to ${service} are under way. Try again in a moment.`,
    'rate-limiter': `Too many requests to ${service} are sent. Try again in a moment.`,
    'retry-budget': `${service} is failing, and too many requests to it are being repeated already.`,
    'client-throttling': `${service} takes too few of the gateway's requests, so only some are sent. Try again in a moment.`,
    'no-instance': `No instance of ${service} is running.`,
  };
  return problem(
    503,
    'service-unavailable',
    'Service unavailable',
    mayHaveHappened ? `${details[by]} An earlier attempt was sent and may have taken effect.` : details[by],
    { service, by, reason },
    { 'retry-after': '2' },
  );
}

function noAnswer(service: ServiceName, { error, reason }: Extract<RawOutcome, { kind: 'failed' }>): Problem {
  switch (error) {
    case 'timeout':
    case 'deadline_exceeded':
      return problem(
        504,
        'service-timeout',
        'Service too slow',
        `${service} did not answer in time (${reason}).`,
        { service },
      );
    case 'connection_refused':
      return problem(
        502,
        'service-unreachable',
        'Service unreachable',
        `${service} refused the connection: it is down.`,
        { service },
      );
    case 'connection_reset':
      return problem(
        502,
        'service-unreachable',
        'Service unreachable',
        `${service} went down before it answered.`,
        { service },
      );
  }
}
