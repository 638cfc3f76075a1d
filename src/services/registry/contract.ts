export { registryContract } from '../../patterns/index.ts';
