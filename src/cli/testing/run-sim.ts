import { spawn } from 'node:child_process';
import { bundleForNode } from '../../../scripts/bundle-for-node.mjs';

export const bundledSim = (): Promise<string> => bundleForNode('src/cli/sim.ts', { name: 'cli-sim' });

export interface Ran {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `npm run sim -- …args` without the set-up. `heard` may interrupt it as it hears of its progress: once. */
export function runSim(
  bundle: string,
  args: readonly string[],
  heard?: (stderr: string, interrupt: () => void) => void,
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bundle, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let interrupted = false;
    const interrupt = () => {
      // Whoever is about to end does not listen any more: a second one would be its end by a signal.
      if (!interrupted) child.kill('SIGINT');
      interrupted = true;
    };
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      heard?.(stderr, interrupt);
    });
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ exitCode, stdout, stderr }));
  });
}
