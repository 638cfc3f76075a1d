import type { RunSettings } from '../kernel/index.ts';
import type { Projection } from './projection.ts';

/** What the run says of itself. */
export interface RunFacts {
  started: boolean;
  setup: string;
  seed: number;
  composition: string;
  host: string;
  paused: boolean;
  speed: number;
  /** null until the run has said them. */
  settings: RunSettings | null;
  lastSeq: number;
  lastUs: number;
}

export const runFacts: Projection<RunFacts> = {
  initial: () => ({
    started: false,
    setup: '',
    seed: 0,
    composition: 'microservices',
    host: '',
    paused: true,
    speed: 1,
    settings: null,
    lastSeq: -1,
    lastUs: 0,
  }),
  apply(state, event) {
    state.lastSeq = event.seq;
    if (event.timeUs > state.lastUs) state.lastUs = event.timeUs;
    switch (event.type) {
      case 'run.started':
        state.started = true;
        state.setup = event.setup;
        state.seed = event.seed;
        state.composition = event.composition;
        state.host = event.host;
        break;
      case 'run.settings.changed':
        state.settings = event.settings as unknown as RunSettings;
        break;
      case 'run.paused':
        state.paused = true;
        break;
      case 'run.resumed':
        state.paused = false;
        break;
      case 'run.speed.changed':
        state.speed = event.speed;
        break;
      default:
    }
    return state;
  },
  fork: (state) => ({ ...state }),
};
