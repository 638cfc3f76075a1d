import type { Context } from './context.ts';
import type { HttpRequest, HttpResponse } from './http-message.ts';
import type { Json } from './json.ts';
import type { Implementation } from './run-settings.ts';
import type { ServiceName } from './service-name.ts';
import type { AnyTable } from './table.ts';

/** Runs from the instance's readiness to its end. A throw is logged and the task begun again after a second. */
export interface BackgroundTask {
  readonly name: string;
  run(context: Context): Promise<void>;
}

/** A service, for any host: what it stores, how it answers, what it does unasked. */
export interface ServiceDefinition {
  readonly name: ServiceName;
  /** In which language it is, where it is not the first one. */
  readonly implementation?: Implementation;
  readonly tables: readonly AnyTable[];
  /** `POST /orders/{id}/cancellation`: the operation a request asks for, or its method and path when there is none. */
  operationOf(request: HttpRequest): string;
  /** Never throws for bad input: an expected failure is an answer. */
  handle(request: HttpRequest, context: Context): Promise<HttpResponse>;
  /** Before the instance is ready. */
  onStart?(context: Context): Promise<void>;
  readonly background: readonly BackgroundTask[];
  /** What the run asks of an instance outside HTTP (only the customers take any: "place an order now"). */
  control?(command: Json, context: Context): Promise<Json>;
}
