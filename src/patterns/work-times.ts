import { defineLocal } from '../kernel/index.ts';
import type { AnyOperation } from './contract.ts';

/** How many times its work an operation takes in the version that this instance runs, by `workOf`. */
export const workTimes = defineLocal('work times', () => new Map<string, number>());

export const workOf = ({ service, id }: Pick<AnyOperation, 'service' | 'id'>): string => `${service}.${id}`;
