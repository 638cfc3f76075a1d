export * from './composition.ts';
export * from './compositions.ts';
export * from './instance-roster.ts';
export * from './load-microservice.ts';
export * from './load-monolith.ts';
export * from './microservices.ts';
export * from './monolith.ts';
export * from './shop-opening.ts';
