import SwaggerParser from '@apidevtools/swagger-parser';
import { describe, expect, test } from 'vitest';
import { type AnyContract, openApiDocument, standardOperations } from '../patterns/index.ts';
import { orderContract } from './order/contract.ts';
import { paymentProviderContract } from './payment-provider/contract.ts';
import { productContract } from './product/contract.ts';
import { shippingContract } from './shipping/contract.ts';
import { userContract } from './user/contract.ts';

const contracts: readonly AnyContract[] = [
  userContract,
  productContract,
  orderContract,
  shippingContract,
  paymentProviderContract,
];

interface Document {
  readonly paths: Record<string, Record<string, Record<string, unknown>>>;
}

describe('OpenAPI of the services', () => {
  test.each(contracts)('the document of $service is valid OpenAPI 3.1', async (contract) => {
    const document = openApiDocument({
      ...contract,
      operations: { ...contract.operations, ...standardOperations(contract.service) },
    });
    expect(document).toMatchObject({ openapi: '3.1.0' });
    // The parser fills references in: give it a copy.
    await SwaggerParser.validate(JSON.parse(JSON.stringify(document)));
  });

  const product = openApiDocument(productContract) as unknown as Document;

  test('describes requests by the schemas that check them', () => {
    expect(product.paths['/products']?.['get']?.['parameters']).toEqual([
      {
        name: 'category',
        in: 'query',
        required: false,
        schema: { type: 'string', enum: ['kitchen', 'office', 'outdoor', 'games'] },
      },
      { name: 'q', in: 'query', required: false, schema: { type: 'string', minLength: 1, maxLength: 100 } },
      {
        name: 'limit',
        in: 'query',
        required: false,
        schema: { type: 'integer', minimum: 1, maximum: 100, default: 20 },
      },
      {
        name: 'offset',
        in: 'query',
        required: false,
        schema: { type: 'integer', minimum: 0, maximum: 1_000_000, default: 0 },
      },
    ]);
    expect(product.paths['/products/{sku}/price']?.['put']).toMatchObject({
      operationId: 'setPrice',
      security: [{ bearer: [] }],
      requestBody: {
        required: true,
        content: { 'application/json': { schema: { required: ['priceMinor', 'currency'] } } },
      },
    });
  });

  test('says who may, and how it refuses', () => {
    const refusals = (path: string, method: string) =>
      Object.keys((product.paths[path]?.[method]?.['responses'] ?? {}) as object);
    expect(refusals('/products/{sku}/price', 'put')).toEqual([
      '200',
      '400',
      '401',
      '403',
      '404',
      '409',
      '413',
      '415',
      '422',
      '429',
      '500',
      '503',
      'default',
    ]);
    expect(product.paths['/reservations/{orderId}']?.['put']?.['security']).toEqual([{ peer: [] }]);
    expect(product.paths['/products']?.['get']?.['security']).toEqual([]);
  });

  test('an operation that needs an Idempotency-Key says so', () => {
    const order = openApiDocument(orderContract) as unknown as Document;
    expect(order.paths['/orders']?.['post']?.['parameters']).toMatchObject([
      { name: 'Idempotency-Key', in: 'header', required: true },
    ]);
  });
});
