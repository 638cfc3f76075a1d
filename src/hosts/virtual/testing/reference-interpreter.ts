import { type Line, type Program, processName, SHARED } from './program.ts';

// Says what a program means, without promises and without anything of the kernel: continuations, a sorted
// list of moments, and processes that are plain records.

type Ending = null | 'cancelled' | { readonly error: string };
type Next = (ending: Ending) => void;

interface Strand {
  readonly name: string;
  cancelled: boolean;
  /** Ends what it waits for. */
  wait: (() => void) | null;
  readonly children: Set<Strand>;
}

/** The log of a program, as the reference has it. */
export function interpret(program: Program): Line[] {
  const lines: Line[] = [];
  let now = 0;
  const unwinding: (() => void)[] = [];
  const moments: { at: number; happen: () => void; given: boolean }[] = [];
  const gates = Array.from({ length: SHARED }, () => ({ open: false, waiting: [] as (() => void)[] }));
  const queues = Array.from({ length: SHARED }, () => ({
    items: [] as string[],
    takers: [] as ((item: string) => void)[],
  }));
  const mutexes = Array.from({ length: SHARED }, () => ({ held: false, waiting: [] as (() => void)[] }));
  const onces = Array.from({ length: SHARED }, () => ({
    state: 'idle' as 'idle' | 'running' | { value: string },
    waiting: [] as ((told: { value: string } | { error: string } | null) => void)[],
  }));

  const write = (strand: Strand, text: string) => lines.push({ atUs: now, process: strand.name, text });

  /** One wait: `begin` gets the way to end it well, and gives the way out of whatever line it stands in. */
  function waitFor<T>(
    strand: Strand,
    begin: (done: (value: T) => void) => () => void,
    next: Next,
    then: (value: T) => void,
  ): void {
    if (strand.cancelled) {
      next('cancelled');
      return;
    }
    let over = false;
    let leave = () => {};
    const cancel = () => {
      if (over) return;
      over = true;
      strand.wait = null;
      leave();
      // All that is cancelled together leaves its lines first, and unwinds then.
      unwinding.push(() => next('cancelled'));
    };
    strand.wait = cancel;
    leave = begin((value) => {
      if (over) return;
      over = true;
      if (strand.wait === cancel) strand.wait = null;
      then(value);
    });
  }

  function at(delay: number, happen: () => void): () => void {
    const moment = { at: now + delay, happen, given: false };
    const place = moments.findIndex((other) => other.at > moment.at);
    if (place < 0) moments.push(moment);
    else moments.splice(place, 0, moment);
    return () => {
      moment.given = true;
    };
  }

  const sleep = (strand: Strand, us: number, next: Next) =>
    waitFor<void>(
      strand,
      (done) => at(us, () => done()),
      next,
      () => next(null),
    );

  const stand = <T>(line: T[], who: T) => {
    line.push(who);
    return () => {
      const place = line.indexOf(who);
      if (place >= 0) line.splice(place, 1);
    };
  };

  function cancel(strand: Strand): void {
    if (strand.cancelled) return;
    strand.cancelled = true;
    for (const child of [...strand.children]) cancel(child);
    strand.wait?.();
  }

  function spawn(parent: Strand | null, name: string, body: (own: Strand) => void): Strand {
    const own: Strand = { name, cancelled: parent?.cancelled ?? false, wait: null, children: new Set() };
    parent?.children.add(own);
    body(own);
    return own;
  }

  /** Branches side by side, and their parent once all have ended; `decided` cancels the rest. */
  function join(
    strand: Strand,
    branches: readonly ((own: Strand, next: Next) => void)[],
    names: readonly string[],
    decides: (ending: Ending) => boolean,
    next: (first: { readonly index: number; readonly ending: Ending } | null) => void,
  ): void {
    let left = branches.length;
    let over = false;
    let first: { index: number; ending: Ending } | null = null;
    const children: Strand[] = [];
    if (strand.cancelled) {
      next({ index: -1, ending: 'cancelled' });
      return;
    }
    branches.forEach((branch, index) => {
      spawn(strand, names[index] ?? '', (own) => {
        children.push(own);
        branch(own, (ending) => {
          strand.children.delete(own);
          left -= 1;
          if (first === null && decides(ending)) {
            first = { index, ending };
            for (const other of children) if (other !== own) cancel(other);
          }
          if (left > 0 || over) return;
          over = true;
          next(first);
        });
      });
    });
  }

  const named = (strand: Strand, body: Program) => `${strand.name}/${processName(program, body)}`;

  function run(strand: Strand, body: Program, next: Next): void {
    switch (body.kind) {
      case 'log':
        write(strand, 'log');
        next(null);
        return;
      case 'sleep':
        sleep(strand, body.us, (ending) => {
          if (ending === null) write(strand, 'slept');
          next(ending);
        });
        return;
      case 'native':
        write(strand, 'surfaced');
        run(strand, body.body, next);
        return;
      case 'sequence': {
        const step = (index: number): void => {
          const one = body.steps[index];
          if (one === undefined) next(null);
          else run(strand, one, (ending) => (ending === null ? step(index + 1) : next(ending)));
        };
        step(0);
        return;
      }
      case 'all':
        join(
          strand,
          body.branches.map((inner) => (own, done) => run(own, inner, done)),
          body.branches.map((inner) => named(strand, inner)),
          (ending) => ending !== null,
          (first) => {
            if (first === null) write(strand, 'all');
            next(first?.ending ?? null);
          },
        );
        return;
      case 'race':
        join(
          strand,
          body.branches.map((inner) => (own, done) => run(own, inner, done)),
          body.branches.map((inner) => named(strand, inner)),
          () => true,
          (first) => {
            if (first?.ending === null) write(strand, 'raced');
            next(first?.ending ?? null);
          },
        );
        return;
      case 'within':
        join(
          strand,
          [(own, done) => run(own, body.body, done), (own, done) => sleep(own, body.us, done)],
          [named(strand, body.body), 'timer'],
          () => true,
          (first) => {
            if (first?.ending === null) write(strand, first.index === 0 ? 'in time' : 'timeout');
            next(first?.ending ?? null);
          },
        );
        return;
      case 'fork':
        root(named(strand, body.body), body.body);
        next(null);
        return;
      case 'late': {
        if (strand.cancelled) {
          run(strand, body.body, (ending) => {
            if (ending === null) write(strand, 'comes late');
            next(ending ?? 'cancelled');
          });
          return;
        }
        let slept = false;
        let wake: (() => void) | null = null;
        at(body.us, () => {
          slept = true;
          wake?.();
        });
        run(strand, body.body, (ending) => {
          if (ending !== null) {
            next(ending);
            return;
          }
          write(strand, 'comes late');
          const end = () => {
            write(strand, 'slept late');
            next(null);
          };
          if (slept) end();
          else
            waitFor<void>(
              strand,
              (done) => {
                wake = () => done();
                return () => {
                  wake = null;
                };
              },
              next,
              end,
            );
        });
        return;
      }
      case 'gate.pass': {
        const gate = gates[body.gate];
        if (gate === undefined) return;
        waitFor<void>(
          strand,
          (done) => {
            if (!gate.open) return stand(gate.waiting, () => done());
            done();
            return () => {};
          },
          next,
          () => {
            write(strand, 'passed');
            sleep(strand, body.us, next);
          },
        );
        return;
      }
      case 'gate.open': {
        const gate = gates[body.gate];
        if (gate === undefined) return;
        gate.open = true;
        write(strand, 'opened');
        for (const pass of gate.waiting.splice(0)) pass();
        next(null);
        return;
      }
      case 'queue.put': {
        const queue = queues[body.queue];
        const taker = queue?.takers.shift();
        if (taker === undefined) queue?.items.push(strand.name);
        else taker(strand.name);
        next(null);
        return;
      }
      case 'queue.take': {
        const queue = queues[body.queue];
        if (queue === undefined) return;
        waitFor<string>(
          strand,
          (done) => {
            const item = queue.items.shift();
            if (item === undefined) return stand(queue.takers, done);
            done(item);
            return () => {};
          },
          next,
          (item) => {
            write(strand, `took ${item}`);
            sleep(strand, body.us, next);
          },
        );
        return;
      }
      case 'mutex': {
        const mutex = mutexes[body.mutex];
        if (mutex === undefined) return;
        waitFor<void>(
          strand,
          (done) => {
            if (mutex.held) return stand(mutex.waiting, () => done());
            mutex.held = true;
            done();
            return () => {};
          },
          next,
          () => {
            const release = (ending: Ending) => {
              // Handed on: the next in line holds it now.
              const waiter = mutex.waiting.shift();
              if (waiter === undefined) mutex.held = false;
              else waiter();
              if (ending === null) write(strand, 'let go');
              next(ending);
            };
            write(strand, 'alone');
            sleep(strand, body.us, (ending) => {
              if (ending === null) run(strand, body.body, release);
              else release(ending);
            });
          },
        );
        return;
      }
      case 'once': {
        const once = onces[body.once];
        if (once === undefined) return;
        const known = (value: string) => {
          write(strand, `knows ${value}`);
          sleep(strand, body.us, next);
        };
        const failed = (error: string) => sleep(strand, body.us, (ending) => next(ending ?? { error }));
        const look = (): void => {
          if (typeof once.state === 'object') {
            known(once.state.value);
          } else if (once.state === 'idle') {
            once.state = 'running';
            write(strand, 'computes');
            const computed = (ending: Ending) => {
              const waiting = once.waiting.splice(0);
              if (ending === null) {
                const value = strand.name;
                once.state = { value };
                for (const tell of waiting) tell({ value });
                known(value);
                return;
              }
              once.state = 'idle';
              for (const tell of waiting) tell(ending === 'cancelled' ? null : ending);
              if (ending === 'cancelled') next(ending);
              else failed(ending.error);
            };
            sleep(strand, body.us, (ending) => {
              if (ending === null) run(strand, body.body, computed);
              else computed(ending);
            });
          } else {
            waitFor<{ value: string } | { error: string } | null>(
              strand,
              (done) => stand(once.waiting, done),
              next,
              (told) => {
                if (told === null) look();
                else if ('value' in told) known(told.value);
                else failed(told.error);
              },
            );
          }
        };
        look();
        return;
      }
      case 'throw':
        next({ error: `thrown by ${strand.name}` });
        return;
      case 'catch':
        run(strand, body.body, (ending) => {
          if (ending === null || ending === 'cancelled') {
            next(ending);
            return;
          }
          write(strand, `caught ${ending.error}`);
          run(strand, body.handler, next);
        });
        return;
      case 'finally':
        run(strand, body.body, (ending) => {
          write(strand, 'cleans up');
          run(strand, body.cleanUp, (after) => next(after ?? ending));
        });
    }
  }

  function root(name: string, body: Program): void {
    spawn(null, name, (own) =>
      run(own, body, (ending) =>
        write(
          own,
          ending === null ? 'ended' : ending === 'cancelled' ? 'ended cancelled' : `ended by ${ending.error}`,
        ),
      ),
    );
  }

  root('root', program);
  for (;;) {
    const moment = moments.shift();
    if (moment === undefined) return lines;
    if (moment.given) continue;
    now = moment.at;
    moment.happen();
    for (let unwind = unwinding.shift(); unwind !== undefined; unwind = unwinding.shift()) unwind();
  }
}
