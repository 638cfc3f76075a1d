import { loadMicroPython } from '@micropython/micropython-webassembly-pyscript';
import wasmUrl from '@micropython/micropython-webassembly-pyscript/micropython.wasm?url';
import { pythonSources } from './sources.ts';

/** Half of it is full of Python's own code and ours; more is taken when a burst of requests needs it. */
const HEAP_BYTES = 2 * 1024 * 1024;
const STACK_WORDS = 8192;
const FOLDER = '/shipping';

/** What a generator of Python's gives at each step, as JSON. */
export type Step =
  | readonly ['ask', readonly [what: string, ...args: readonly unknown[]]]
  | readonly ['end', unknown]
  | readonly ['raise', Raised];

export type Raised =
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** What a port threw into it. */
  | { readonly kind: 'port' }
  | { readonly kind: 'bug'; readonly traceback: string };

export interface Refusal {
  readonly status: number;
  readonly slug: string;
  readonly title: string;
  readonly detail: string;
}

export type Begins = 'order-event' | 'tracking' | (string & {});

/** Python, with Shipping's modules in it. All of it is synchronous. */
export interface Interpreter {
  /** A new generator, known by a number. It does nothing before its first step. */
  begin(what: Begins, argument: unknown): number;
  resume(generator: number, value: unknown): Step;
  fail(generator: number, isCancelled: boolean, message: string): Step;
  forget(generator: number): void;
  /** How many generators have been begun and have not ended. */
  running(): number;
  /** What Python's heap holds and still needs. */
  liveBytes(): number;
  /** What `print` wrote since it was asked last. */
  printed(): readonly string[];
}

let loading: Promise<Interpreter> | null = null;

/**
 * The interpreter of this worker or process: one is enough for all instances that run in it (in the Lab), as no
 * module of ours keeps anything between requests, and MicroPython's package has room for one.
 */
export async function pythonInterpreter(): Promise<Interpreter> {
  // awaited elsewhere: just below, by each who asks
  loading ??= start();
  try {
    return await loading;
  } catch (error) {
    // The network was away: the next one may have more luck.
    loading = null;
    throw error;
  }
}

async function start(): Promise<Interpreter> {
  let lines: string[] = [];
  const print = (line: string) => {
    lines.push(line);
  };
  const python = await loadMicroPython({
    // In Node the package finds it beside itself; in a browser's bundle it has another name and place.
    ...(import.meta.url.startsWith('file:') ? {} : { url: wasmUrl }),
    heapsize: HEAP_BYTES,
    pystack: STACK_WORDS,
    linebuffer: true,
    stdout: print,
    stderr: print,
  });
  python.FS.mkdir(FOLDER);
  for (const [file, text] of Object.entries(pythonSources)) python.FS.writeFile(`${FOLDER}/${file}`, text);
  python.runPython(`import sys; sys.path.insert(0, '${FOLDER}')`);
  const link = python.pyimport('sidecar_link');
  // Taken out once: each look at an attribute makes another proxy.
  const { begin, resume, fail, forget, running, live_bytes } = link;
  if (!begin || !resume || !fail || !forget || !running || !live_bytes)
    throw new Error('sidecar_link.py lacks a function');
  const step = (json: unknown) => JSON.parse(String(json)) as Step;
  return {
    begin: (what, argument) => Number(begin(what, JSON.stringify(argument ?? null))),
    resume: (generator, value) => step(resume(generator, JSON.stringify(value ?? null))),
    fail: (generator, isCancelled, message) => step(fail(generator, isCancelled, message)),
    forget: (generator) => void forget(generator),
    running: () => Number(running()),
    liveBytes: () => Number(live_bytes()),
    printed: () => {
      if (lines.length === 0) return lines;
      const given = lines;
      lines = [];
      return given;
    },
  };
}
