import type { Json, VersionLabel } from '../../kernel/index.ts';
import { isObject, type JsonObject, type VersionChanges, withField } from '../../patterns/index.ts';

const quantityOf = (line: Json): number => {
  const quantity = isObject(line) ? line['quantity'] : 0;
  return typeof quantity === 'number' ? quantity : 0;
};

function withItemCount(order: JsonObject): JsonObject {
  const lines: readonly Json[] = Array.isArray(order['lines']) ? order['lines'] : [];
  return { ...order, itemCount: lines.reduce<number>((sum, line) => sum + quantityOf(line), 0) };
}

const itemCount = withField('itemCount', { type: 'integer' });

const MISTAKE = { failingShare: 0.4 };

/** Order's later versions: what they do otherwise than the first. */
export const orderVersions: Readonly<Record<VersionLabel, VersionChanges>> = {
  v2: {
    'GET /orders/{orderId}': { answer: withItemCount, answerSchema: itemCount },
    'POST /orders': { answer: withItemCount, answerSchema: itemCount },
  },
  v3: { 'POST /orders': MISTAKE, 'GET /orders/{orderId}': MISTAKE },
};
