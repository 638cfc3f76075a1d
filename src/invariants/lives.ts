import type { EventId } from '../kernel/index.ts';

/** The life of an instance that wrote an event: `order-1.2` of `order-1.2.77`. */
export const lifeOf = (id: EventId): string => id.slice(0, id.lastIndexOf('.'));
