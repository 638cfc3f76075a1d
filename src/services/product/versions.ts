import type { VersionLabel } from '../../kernel/index.ts';
import {
  isObject,
  type JsonObject,
  type VersionChanges,
  withField,
  withRenamed,
} from '../../patterns/index.ts';

const FEW = 10;

function withAvailability(product: JsonObject): JsonObject {
  const { available } = product;
  const left = typeof available === 'number' ? available : 0;
  return { ...product, availability: left === 0 ? 'sold-out' : left <= FEW ? 'last-few' : 'in-stock' };
}

const availability = withField('availability', {
  type: 'string',
  enum: ['in-stock', 'last-few', 'sold-out'],
});

/** Of a page of the catalogue. */
const ofItems =
  (change: (product: JsonObject) => JsonObject) =>
  (page: JsonObject): JsonObject => {
    const { items } = page;
    return {
      ...page,
      items: Array.isArray(items) ? items.map((item) => (isObject(item) ? change(item) : item)) : [],
    };
  };

const ofItemSchema =
  (change: (schema: JsonObject) => JsonObject) =>
  (page: JsonObject): JsonObject => {
    const properties = isObject(page['properties']) ? page['properties'] : {};
    const items = isObject(properties['items']) ? properties['items'] : {};
    const item = isObject(items['items']) ? items['items'] : {};
    return { ...page, properties: { ...properties, items: { ...items, items: change(item) } } };
  };

function withTotal({ totalMinor = 0, ...reservation }: JsonObject): JsonObject {
  return { ...reservation, total: totalMinor };
}

/** Product's later versions: what they do otherwise than the first. */
export const productVersions: Readonly<Record<VersionLabel, VersionChanges>> = {
  v2: {
    'GET /products/{sku}': { answer: withAvailability, answerSchema: availability },
    'GET /products': { answer: ofItems(withAvailability), answerSchema: ofItemSchema(availability) },
  },
  v3: {
    'PUT /reservations/{orderId}': { answer: withTotal, answerSchema: withRenamed('totalMinor', 'total') },
  },
};
