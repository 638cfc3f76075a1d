// The client libraries in patterns/ need it, so it stands there.
export { brokerContract } from '../../patterns/index.ts';
