import { defineTable, type InstanceId, type RunTimeUs, type ServiceName } from '../../kernel/index.ts';
import type { RenewalWindow } from './self-preservation.ts';

export interface InstanceRow {
  readonly instanceId: InstanceId;
  readonly service: ServiceName;
  readonly registeredAtUs: RunTimeUs;
  readonly leaseUntilUs: RunTimeUs;
}

export const instancesTable = defineTable<InstanceRow>('instances', 'instanceId', {
  service: 'service',
  leaseUntilUs: 'leaseUntilUs',
});

/** One row: what self-preservation goes by. Without self-preservation nothing is counted. */
export interface RenewalsRow extends RenewalWindow {
  readonly name: typeof RENEWALS;
  /** Since when it keeps instances whose lease has run out; null: it does not. */
  readonly keepingSinceUs: RunTimeUs | null;
}

export const RENEWALS = 'renewals';

export const renewalsTable = defineTable<RenewalsRow>('renewals', 'name', {});
