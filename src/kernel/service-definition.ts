import type { Context } from './context.ts';
import type { VersionLabel } from './deployment.ts';
import type { HttpRequest, HttpResponse } from './http-message.ts';
import type { Json } from './json.ts';
import type { Implementation } from './run-settings.ts';
import type { ServiceName } from './service-name.ts';
import type { AnyTable } from './table.ts';

/** From what matters most to what is turned away first. */
export const PRIORITIES = ['critical', 'normal', 'sheddable'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** Runs from the instance's readiness to its end. A throw is logged and the task begun again after a second. */
export interface BackgroundTask {
  readonly name: string;
  run(context: Context): Promise<void>;
  /**
   * What becomes of it when its instance drains: it is cancelled (default); it looks at `context.draining` and
   * ends by itself, which the drain waits for; or it goes on to the last, because work under way leans on it.
   */
  readonly whenDraining?: 'cancelled' | 'ends' | 'goes-on';
  /** Its goodbye, as the drain begins; the drain waits for it. */
  leave?(context: Context): Promise<void>;
}

/** A service, for any host: what it stores, how it answers, what it does unasked. */
export interface ServiceDefinition {
  readonly name: ServiceName;
  /** In which language it is, where it is not the first one. */
  readonly implementation?: Implementation;
  /** Which version it is, where it is not the first one. */
  readonly version?: VersionLabel;
  readonly tables: readonly AnyTable[];
  /** `POST /orders/{id}/cancellation`: the operation a request asks for, or its method and path when there is none. */
  operationOf(request: HttpRequest): string;
  /** How much a request matters when not all can be served; without this, all are alike. */
  priorityOf?(request: HttpRequest): Priority;
  /** Never throws for bad input: an expected failure is an answer. */
  handle(request: HttpRequest, context: Context): Promise<HttpResponse>;
  /** Before the instance is ready. */
  onStart?(context: Context): Promise<void>;
  readonly background: readonly BackgroundTask[];
  /** What the run asks of an instance outside HTTP: of customers to order now, of a caller to open its breaker. */
  control?(command: Json, context: Context): Promise<Json>;
}
