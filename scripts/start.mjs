import net from 'node:net';
import { parseArgs } from 'node:util';
import { ensureBuild } from './build-page.mjs';
import { projectRoot } from './project-root.mjs';
import { ensureDependencies, runScript, SetUpProblem } from './set-up.mjs';

const usage = `npm start -- [options]
  --port N       the port to serve at (5173; the next free one if it is taken)
  --strict-port  fail if that port is taken
  --host [NAME]  let other machines reach the page too
  --no-open      do not open a browser`;

/**
 * @param {string[]} args
 * @returns {{ port: number, strictPort: boolean, host: string | true | undefined, open: boolean, help: boolean }}
 */
function readOptions(args) {
  // parseArgs knows no option whose value may be left out.
  const spelled = args.map((arg, index) =>
    arg === '--host' && (args[index + 1] === undefined || args[index + 1]?.startsWith('--'))
      ? '--host='
      : arg,
  );
  try {
    const { values } = parseArgs({
      args: spelled,
      options: {
        port: { type: 'string', default: '5173' },
        'strict-port': { type: 'boolean', default: false },
        host: { type: 'string' },
        'no-open': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    const port = Number(values.port);
    if (!Number.isInteger(port) || port < 1 || port > 65_535) {
      throw new Error(`--port must be a number from 1 to 65535, not "${values.port}".`);
    }
    return {
      port,
      strictPort: values['strict-port'],
      host: values.host === '' ? true : values.host,
      open: !values['no-open'],
      help: values.help,
    };
  } catch (error) {
    throw new SetUpProblem(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  }
}

/**
 * @param {number} port
 * @param {string} host
 * @returns {Promise<boolean>}
 */
function isFreeAt(port, host) {
  return new Promise((resolve) => {
    const probe = net.createServer();
    // A machine without IPv6 has nothing there that could be in the way.
    probe.once('error', (error) => resolve('code' in error && error.code === 'EADDRNOTAVAIL'));
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/**
 * "localhost" is two addresses, and a browser may try either first: a stranger's server on one of them
 * would answer in our place, so a port counts as free only if both are.
 *
 * @param {number} from
 * @param {boolean} strict
 */
async function findPort(from, strict) {
  for (let port = from; port < Math.min(from + 100, 65_536); port += 1) {
    if ((await isFreeAt(port, '127.0.0.1')) && (await isFreeAt(port, '::1'))) return port;
    if (strict) throw new SetUpProblem(`Port ${from} is taken.`);
  }
  throw new SetUpProblem(`No free port from ${from} on.`);
}

/** A machine with somebody in front of it. */
function isDesktop() {
  const { env, platform } = process;
  if (env.CI || env.SSH_CONNECTION || env.SSH_TTY) return false;
  if (platform === 'darwin' || platform === 'win32') return true;
  return Boolean(env.DISPLAY || env.WAYLAND_DISPLAY);
}

await runScript(async () => {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    console.log(usage);
    return;
  }
  await ensureDependencies();
  await ensureBuild();

  const { preview } = await import('vite');
  const port = await findPort(options.port, options.strictPort);
  const server = await preview({
    root: projectRoot,
    logLevel: 'warn',
    preview: {
      port,
      strictPort: true,
      open: options.open && isDesktop(),
      ...(options.host === undefined ? {} : { host: options.host }),
    },
  });

  console.log(`\nBulkhead is at http://localhost:${port}/`);
  for (const url of options.host === undefined ? [] : (server.resolvedUrls?.network ?? [])) {
    console.log(`  other machines: ${url} (without a service worker, which needs https or localhost)`);
  }
  console.log('Ctrl-C ends it.');

  let ending = false;
  const end = () => {
    // A second Ctrl-C does not wait.
    if (ending) process.exit(0);
    ending = true;
    setTimeout(() => process.exit(0), 1_500).unref();
    void server.close().then(() => process.exit(0));
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
});
