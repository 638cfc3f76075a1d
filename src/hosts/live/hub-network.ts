import { defineNetwork, HttpNetworkFrame, NetworkSource } from 'msw/experimental';
import { HttpResponse, http } from 'msw/http';
import { type Deliver, err, type OutboundMessage, type Reply, type Undo } from '../../kernel/index.ts';
import { plainRequest, plainResponse, webRequest, webResponse } from './plain-http.ts';

/** One request on its way through MSW, with what a Request cannot carry. */
interface Exchange {
  readonly message: OutboundMessage;
  /** What the callee or the network said; the Response that MSW carries is made of it. */
  reply: Reply | null;
  undo: Undo;
  cancelled: boolean;
}

class HubFrame extends HttpNetworkFrame {
  readonly #settle: (response: Response | null) => void;

  constructor(id: string, request: Request, settle: (response: Response | null) => void) {
    super({ id, request });
    this.#settle = settle;
  }

  override respondWith(response?: Response): void {
    this.#settle(response ?? null);
  }

  override passthrough(): void {
    this.#settle(null);
  }

  override errorWith(): void {
    this.#settle(null);
  }
}

class HubSource extends NetworkSource<HubFrame> {
  override enable(): void {}
}

/**
 * The network between services: an MSW network in the hub. An instance's request becomes a Request,
 * MSW's handlers answer it by `deliver`, and their Response becomes the caller's answer.
 */
export function createHubNetwork(deliver: Deliver): Deliver {
  const source = new HubSource();
  const exchanges = new Map<string, Exchange>();
  let last = 0;

  const network = defineNetwork({
    sources: [source],
    handlers: [
      http.all('*', async ({ request, requestId }) => {
        const exchange = exchanges.get(requestId);
        if (exchange === undefined) return HttpResponse.error();
        const url = new URL(request.url);
        const plain = await plainRequest(request, `${url.pathname}${url.search}`);
        const reply = await new Promise<Reply | null>((resolve) => {
          if (exchange.cancelled) {
            resolve(null);
            return;
          }
          const undo = deliver({ ...exchange.message, request: plain }, resolve);
          exchange.undo = () => {
            undo();
            resolve(null);
          };
        });
        exchange.reply = reply;
        return reply?.outcome.ok === true ? webResponse(reply.outcome.value) : HttpResponse.error();
      }),
    ],
    onUnhandledFrame: 'bypass',
    context: { quiet: true },
  });
  network.enable();

  return (message, reply) => {
    last += 1;
    const id = String(last);
    const exchange: Exchange = { message, reply: null, undo: () => {}, cancelled: false };
    exchanges.set(id, exchange);
    const answer = async (response: Response | null) => {
      exchanges.delete(id);
      if (exchange.cancelled) return;
      const given = exchange.reply;
      if (response !== null && response.type !== 'error') {
        const plain = await plainResponse(response);
        if (!exchange.cancelled) reply({ outcome: { ok: true, value: plain }, cause: given?.cause ?? null });
        return;
      }
      reply(
        given ?? { outcome: err({ kind: 'connection_reset', detail: 'the network failed' }), cause: null },
      );
    };
    // The host part only names the callee; nothing leaves the hub.
    let request: Request;
    try {
      request = webRequest(`http://${message.to}${message.request.path}`, message.request);
    } catch (error) {
      // A header, say, that HTTP cannot carry.
      exchanges.delete(id);
      const detail = `the request cannot be sent: ${error instanceof Error ? error.message : String(error)}`;
      reply({ outcome: err({ kind: 'connection_reset', detail }), cause: null });
      return () => {};
    }
    const frame = new HubFrame(id, request, (response) => {
      void answer(response);
    });
    void source.queue(frame).then(() => frame.events.removeAllListeners());
    return () => {
      if (exchange.cancelled) return;
      exchange.cancelled = true;
      exchange.undo();
    };
  };
}
