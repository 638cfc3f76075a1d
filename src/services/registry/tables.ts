import { defineTable, type InstanceId, type RunTimeUs, type ServiceName } from '../../kernel/index.ts';

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
