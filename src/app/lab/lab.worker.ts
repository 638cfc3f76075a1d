import { LabServer } from './lab-server.ts';
import type { FromLab, ToLab } from './messages.ts';

const { port1, port2 } = new MessageChannel();
const waiting: (() => void)[] = [];
port1.onmessage = () => waiting.shift()?.();

const server = new LabServer(
  (message: FromLab) => self.postMessage(message),
  (next) => {
    waiting.push(next);
    port2.postMessage(null);
  },
);
self.onmessage = ({ data }: MessageEvent<ToLab>) => server.received(data);
