import type { HttpMethod, Json, ServiceName } from '../../../../kernel/index.ts';
import {
  type Access,
  type AnyContract,
  type AnyOperation,
  eventsOperation,
  openApiDocument,
  standardOperations,
} from '../../../../patterns/index.ts';
import { brokerContract } from '../../../../services/broker/contract.ts';
import { orderContract } from '../../../../services/order/contract.ts';
import { paymentProviderContract } from '../../../../services/payment-provider/contract.ts';
import { productContract } from '../../../../services/product/contract.ts';
import { registryContract } from '../../../../services/registry/contract.ts';
import { shippingContract } from '../../../../services/shipping/contract.ts';
import { userContract } from '../../../../services/user/contract.ts';

export interface ApiParameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: JsonSchema;
}

/** As much of JSON Schema as the contracts' schemas use. */
export interface JsonSchema {
  readonly type?: string;
  readonly const?: Json;
  readonly enum?: readonly Json[];
  readonly default?: Json;
  readonly minimum?: number;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly anyOf?: readonly JsonSchema[];
}

export interface ApiOperation {
  /** `product/setStock` */
  readonly key: string;
  readonly service: ServiceName;
  readonly id: string;
  readonly method: HttpMethod;
  readonly path: string;
  readonly summary: string;
  /** Who may call it, in words. */
  readonly description: string;
  readonly access: Access;
  /** From outside: the shop's one door answers it. */
  readonly exposed: boolean;
  readonly parameters: readonly ApiParameter[];
  readonly body: JsonSchema | null;
  /** What each status means here. */
  readonly answers: Readonly<Record<string, string>>;
}

export interface ApiService {
  readonly service: ServiceName;
  readonly title: string;
  /** The very document that the service answers `GET /openapi.json` with. */
  readonly document: Json;
  readonly operations: readonly ApiOperation[];
}

interface Described {
  readonly contract: AnyContract;
  /** Reads topics: the broker brings it events. */
  readonly hears?: true;
}

const MICROSERVICES: readonly Described[] = [
  { contract: userContract },
  { contract: productContract },
  { contract: orderContract, hears: true },
  { contract: shippingContract, hears: true },
  { contract: brokerContract },
  { contract: paymentProviderContract },
  { contract: registryContract },
];

/** What the gateway lets through to, in its order. */
const BEHIND_THE_GATEWAY: readonly AnyContract[] = [
  userContract,
  productContract,
  orderContract,
  shippingContract,
  brokerContract,
];

const operationsOf = (contracts: readonly AnyContract[]): readonly AnyOperation[] =>
  contracts.flatMap((contract) => Object.values(contract.operations));

const fromOutside = (operations: readonly AnyOperation[]): readonly AnyOperation[] =>
  operations.filter(({ access }) => access.kind !== 'services');

const named = (operations: readonly AnyOperation[], nameOf: (operation: AnyOperation) => string) =>
  Object.fromEntries(operations.map((operation) => [nameOf(operation), operation] as const));

/** One service with its document, and the operations as the document has them. */
function describe(
  contract: AnyContract,
  door: boolean,
  own: (operation: AnyOperation) => boolean = () => true,
): ApiService {
  const { service, title, operations } = contract;
  const document = openApiDocument(contract);
  const standard = new Set<string>(Object.keys(standardOperations(service)));
  return {
    service,
    title,
    document,
    operations: Object.values(operations)
      .filter(own)
      .map((operation) =>
        read(
          document,
          operation,
          operation.access.kind !== 'services' && (door || !standard.has(operation.id)),
        ),
      ),
  };
}

interface Documented {
  readonly description: string;
  readonly parameters?: readonly ApiParameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>> };
  readonly responses: Readonly<Record<string, { readonly description?: string; readonly $ref?: string }>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Documented>>>>;
  readonly components: { readonly responses: Readonly<Record<string, { readonly description: string }>> };
}

function read(json: Json, operation: AnyOperation, exposed: boolean): ApiOperation {
  const { service, id, method, path, summary, access } = operation;
  const document = json as unknown as Document;
  const documented = document.paths[path]?.[method.toLowerCase()];
  if (documented === undefined) throw new Error(`${service}.${id} is not in its own document`);
  const { description, parameters = [], requestBody, responses } = documented;
  const meaning = ({ description: own, $ref = '' }: { description?: string; $ref?: string }) =>
    own ?? document.components.responses[$ref.replace(/^.*\//, '')]?.description ?? '';
  return {
    key: `${service}/${id}`,
    service,
    id,
    method,
    path,
    summary,
    description,
    access,
    exposed,
    parameters,
    body: Object.values(requestBody?.content ?? {})[0]?.schema ?? null,
    answers: Object.fromEntries(
      Object.entries(responses).map(([status, response]) => [status, meaning(response)]),
    ),
  };
}

function ofServices(): readonly ApiService[] {
  const gateway = standardOperations('gateway');
  const all = [...fromOutside(operationsOf(BEHIND_THE_GATEWAY)), ...Object.values(gateway)];
  const door = describe(
    {
      service: 'gateway',
      title: 'Bulkhead shop',
      version: '1.0.0',
      operations: named(all, ({ service, id }) => `${service}.${id}`),
    },
    true,
    ({ service }) => service === 'gateway',
  );
  const services = MICROSERVICES.map(({ contract, hears }) => {
    const { service } = contract;
    const more = [
      ...Object.values(standardOperations(service)),
      ...(hears ? [eventsOperation(service)] : []),
    ];
    const operations = { ...contract.operations, ...named(more, ({ id }) => id) };
    return describe({ ...contract, operations }, false);
  });
  return [...services, door];
}

function ofMonolith(): readonly ApiService[] {
  // There is no saga to look after, and no broker.
  const own = fromOutside(
    operationsOf([userContract, productContract, orderContract, shippingContract]),
  ).filter(({ path }) => !path.startsWith('/sagas'));
  const operations = named([...own, ...Object.values(standardOperations('monolith'))], ({ id }) => id);
  const title = 'Bulkhead shop, in one process';
  const provider = MICROSERVICES.filter(({ contract }) => contract === paymentProviderContract);
  return [
    describe({ service: 'monolith', title, version: '1.0.0', operations }, true),
    ...provider.map(({ contract }) => {
      const standard = standardOperations(contract.service);
      return describe({ ...contract, operations: { ...contract.operations, ...standard } }, false);
    }),
  ];
}

const made = new Map<string, readonly ApiService[]>();

/** Every service of a shop with its operations. Made once: schemas take a moment to be written out. */
export function apiOf(composition: string): readonly ApiService[] {
  const known = made.get(composition);
  if (known !== undefined) return known;
  const services = composition === 'monolith' ? ofMonolith() : ofServices();
  made.set(composition, services);
  return services;
}
