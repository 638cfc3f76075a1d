import type { DeployableService, VersionLabel } from '../kernel/index.ts';
import { type ContractBreak, contractBreaks, type Expectation, openApiDocument } from '../patterns/index.ts';
import { customersExpectations } from '../services/customers/expectations.ts';
import { gatewayExpectations } from '../services/gateway/expectations.ts';
import { orderExpectations } from '../services/order/expectations.ts';
import { shippingExpectations } from '../services/shipping/expectations.ts';
import { contractOfVersion } from './service-versions.ts';

const all: readonly Expectation[] = [
  ...customersExpectations,
  ...gatewayExpectations,
  ...orderExpectations,
  ...shippingExpectations,
];

/** What consumers need of a service and do not find in what this version's own document says. */
export const breaksOf = (service: DeployableService, label: VersionLabel): readonly ContractBreak[] =>
  contractBreaks(expectationsOf(service), openApiDocument(contractOfVersion(service, label)), label);

/** What its consumers need of a service. */
export const expectationsOf = (service: DeployableService): readonly Expectation[] =>
  all.filter(({ operation }) => operation.service === service);
