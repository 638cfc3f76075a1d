import { newOwner, type Owner } from './owner.ts';

interface Part<Container> {
  readonly owner: Owner;
  readonly container: Container;
}

/** A few containers by name. A fork shares them; each is forked in its turn when it is next to be changed. */
export class ForkedOnWrite<Name, Container extends { fork(): Container }>
  implements Iterable<[Name, Container]>
{
  /** Replaced, never changed. */
  #parts: ReadonlyMap<Name, Part<Container>> = new Map();
  #owner: Owner = newOwner();

  fork(): ForkedOnWrite<Name, Container> {
    const fork = new ForkedOnWrite<Name, Container>();
    fork.#parts = this.#parts;
    this.#owner = newOwner();
    return fork;
  }

  /** To read. */
  get(name: Name): Container | undefined {
    return this.#parts.get(name)?.container;
  }

  /** To change in place; made when there is none of that name. */
  writable(name: Name, make: () => Container): Container {
    const part = this.#parts.get(name);
    if (part?.owner === this.#owner) return part.container;
    const container = part === undefined ? make() : part.container.fork();
    this.#parts = new Map(this.#parts).set(name, { owner: this.#owner, container });
    return container;
  }

  *[Symbol.iterator](): Generator<[Name, Container], undefined> {
    for (const [name, { container }] of this.#parts) yield [name, container];
  }
}
