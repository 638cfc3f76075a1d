import * as z from 'zod/mini';
import { type AnyContract, type Expectation, jwksOperation, reads } from '../../patterns/index.ts';
import { orderContract } from '../order/contract.ts';
import { productContract } from '../product/contract.ts';
import { shippingContract } from '../shipping/contract.ts';
import { userContract } from '../user/contract.ts';

const contracts: readonly AnyContract[] = [userContract, productContract, orderContract, shippingContract];

/** The gateway sends on what customers ask and brings back what it gets, unread; of User it reads the keys. */
export const gatewayExpectations: readonly Expectation[] = [
  { consumer: 'gateway', operation: jwksOperation, sends: {} },
  ...contracts
    .flatMap((contract) => Object.values(contract.operations))
    .filter(({ access, id }) => access.kind !== 'services' && id !== jwksOperation.id)
    .map((operation) => ({
      consumer: 'gateway' as const,
      operation: reads(operation, z.unknown()),
      sends: null,
    })),
];
