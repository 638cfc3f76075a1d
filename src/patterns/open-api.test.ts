import SwaggerParser from '@apidevtools/swagger-parser';
import { describe, expect, test } from 'vitest';
import { brokerContract } from './broker-contract.ts';
import type { AnyContract } from './contract.ts';
import { openApiDocument } from './open-api.ts';
import { registryContract } from './registry-contract.ts';

describe('OpenAPI', () => {
  // The broker's messages hold any JSON: a schema that refers to itself.
  test.each<AnyContract>([registryContract, brokerContract])(
    'the document of $service is valid OpenAPI 3.1',
    async (contract) => {
      const document = openApiDocument(contract);
      expect(document).toMatchObject({ openapi: '3.1.0' });
      await SwaggerParser.validate(JSON.parse(JSON.stringify(document)));
    },
  );
});
