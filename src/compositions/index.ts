export * from './composition.ts';
export * from './load-microservice.ts';
export * from './microservices.ts';
