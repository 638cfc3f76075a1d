import { defineTable, type Json } from '../../kernel/index.ts';

/** Rows of any shape, sorted in several ways. */
export interface ItemRow {
  readonly id: string | number;
  readonly size?: string | number;
  readonly colour?: string;
  readonly more?: Json;
}

export const itemsTable = defineTable<ItemRow>('items', 'id', { bySize: 'size', byColour: 'colour' });
export const countersTable = defineTable<{ readonly name: string; readonly count: number }>(
  'counters',
  'name',
);
export const conformanceTables = [itemsTable, countersTable] as const;
