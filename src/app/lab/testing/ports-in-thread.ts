import type { LabPort } from '../lab-link.ts';
import { LabServer } from '../lab-server.ts';
import type { FromLab } from '../messages.ts';

/** Lab workers in this thread, and those that were ended. */
export function portsInThread(): { readonly ended: LabPort[]; readonly newPort: () => LabPort } {
  const ended: LabPort[] = [];
  const newPort = (): LabPort => {
    const server = new LabServer(
      (message: FromLab) =>
        setImmediate(() => port.onmessage?.({ data: structuredClone(message) } as MessageEvent<FromLab>)),
      (next) => setImmediate(next),
    );
    const port: LabPort = {
      postMessage: (message) => setImmediate(() => server.received(structuredClone(message))),
      terminate: () => ended.push(port),
      onmessage: null,
      onerror: null,
    };
    return port;
  };
  return { ended, newPort };
}
