export * from './describe-fault.ts';
export * from './exact-trigger.ts';
export * from './fault.ts';
export * from './fault-place.ts';
export * from './fault-schedule.ts';
export { faultyDefinition } from './faulty-door.ts';
export * from './faulty-network.ts';
export { faultyPorts } from './faulty-ports.ts';
