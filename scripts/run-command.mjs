import { spawn } from 'node:child_process';

/**
 * @typedef {object} CommandResult
 * @property {number} exitCode 0 when all went well
 * @property {string | undefined} problem why it ended badly, as a sentence
 */

const isWindows = process.platform === 'win32';

/**
 * Runs a command and lets its output through as it comes. The whole process group goes when its time is up
 * or when this process is interrupted: a runner's browsers must not outlive it.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: Record<string, string>, limitSeconds?: number, stallSeconds?: number }} [options]
 *   `stallSeconds`: ends a command that has printed nothing for so long (a download that hangs).
 * @returns {Promise<CommandResult>}
 */
export function runCommand(command, args, options = {}) {
  const { cwd, env, limitSeconds, stallSeconds } = options;
  return new Promise((resolve) => {
    const watched = stallSeconds !== undefined;
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', watched ? 'pipe' : 'inherit', watched ? 'pipe' : 'inherit'],
      detached: !isWindows,
    });
    /** @type {string | undefined} */
    let problem;
    let interrupted = false;
    /** @type {NodeJS.Timeout | undefined} */
    let stallTimer;

    /** @param {NodeJS.Signals} signal */
    const endGroup = (signal) => {
      if (child.pid === undefined) return;
      try {
        if (isWindows) spawn('taskkill', ['/pid', String(child.pid), '/t', '/f'], { stdio: 'ignore' });
        else process.kill(-child.pid, signal);
      } catch {
        // Already gone.
      }
    };
    /** @param {string} reason */
    const giveUp = (reason) => {
      problem = reason;
      endGroup('SIGTERM');
      setTimeout(() => endGroup('SIGKILL'), 5_000).unref();
    };
    /** @param {NodeJS.Signals} signal */
    const onInterrupt = (signal) => {
      interrupted = true;
      giveUp(`interrupted by ${signal}`);
    };
    process.once('SIGINT', onInterrupt);
    process.once('SIGTERM', onInterrupt);

    const limitTimer =
      limitSeconds === undefined
        ? undefined
        : setTimeout(() => giveUp(`gave up after ${limitSeconds} seconds`), limitSeconds * 1_000);
    const restartStallTimer = () => {
      clearTimeout(stallTimer);
      if (stallSeconds === undefined) return;
      stallTimer = setTimeout(
        () => giveUp(`gave up after ${stallSeconds} seconds without a sign of life`),
        stallSeconds * 1_000,
      );
    };
    restartStallTimer();
    for (const [from, to] of /** @type {const} */ ([
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ])) {
      from?.on('data', (chunk) => {
        to.write(chunk);
        restartStallTimer();
      });
    }

    let settled = false;
    /** @param {number} exitCode */
    const settle = (exitCode) => {
      if (settled) return;
      settled = true;
      clearTimeout(limitTimer);
      clearTimeout(stallTimer);
      process.off('SIGINT', onInterrupt);
      process.off('SIGTERM', onInterrupt);
      // What the command left running in the background goes with it.
      endGroup('SIGKILL');
      // Whoever interrupts wants the whole script to end, not its next command to begin.
      if (interrupted) process.exit(130);
      resolve({ exitCode, problem });
    };
    child.once('error', (error) => {
      problem ??= `could not be started: ${error.message}`;
      settle(127);
    });
    child.once('exit', (code, signal) => {
      if (signal !== null) problem ??= `ended by ${signal}`;
      settle(problem === undefined ? (code ?? 1) : code || 1);
    });
  });
}
