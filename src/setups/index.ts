export * from './execute-command.ts';
export * from './misplaced-fault.ts';
export * from './presets.ts';
export * from './run-command.ts';
export * from './run-settings-schema.ts';
export * from './scenario.ts';
export * from './scenarios.ts';
export * from './setup.ts';
