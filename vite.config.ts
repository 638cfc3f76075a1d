import { fileURLToPath } from 'node:url';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { type BuildEnvironmentOptions, defineConfig } from 'vite';

type OnLog = NonNullable<NonNullable<BuildEnvironmentOptions['rolldownOptions']>['onLog']>;

const onLog: OnLog = (level, log, handler) => {
  // Tailwind's plugin gives no source map for the stylesheet, which nobody debugs by one.
  if (log.code === 'SOURCEMAP_BROKEN' && log.plugin?.startsWith('@tailwindcss')) return;
  // MicroPython's loader asks for Node's modules when it runs there.
  if (log.message.includes('externalized for browser compatibility') && log.message.includes('micropython'))
    return;
  handler(level, log);
};

export default defineConfig({
  // Relative, so that the built page works under any path of a static host.
  base: './',
  // Routes are in the hash, so an unknown path is a mistake and gets a 404, as from a static host.
  appType: 'mpa',
  plugins: [react(), tailwindcss()],
  worker: { format: 'es', rolldownOptions: { onLog } },
  resolve: {
    alias: {
      // MSW's cookie jar weighs 128 kB gzipped, in the page and once more in the hub's worker; the shop has no cookies.
      'tough-cookie': fileURLToPath(new URL('./src/hosts/live/no-cookies.ts', import.meta.url)),
      // 4 kB of the first load, for transitions of colours that nobody makes.
      'd3-color': fileURLToPath(new URL('./src/app/views/diagram/no-colours.ts', import.meta.url)),
    },
  },
  // It finds its WebAssembly beside itself.
  optimizeDeps: { exclude: ['@micropython/micropython-webassembly-pyscript'] },
  server: { port: 5173 },
  preview: { port: 5173 },
  build: {
    // The first load has a check of its own (npm run check:weight); what comes later may be larger.
    chunkSizeWarningLimit: 1000,
    target: ['chrome130', 'firefox130', 'safari18'],
    sourcemap: true,
    // The page-weight check reads which chunks the first load needs from it.
    manifest: true,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      // Only workers run services. The page never gets this far, but its top-level await, merely in sight, would
      // keep the bundler from joining the chunks of the first load (6 kB).
      external: ['@micropython/micropython-webassembly-pyscript'],
      onLog,
      // They are pure: what only later views read of them (why a request failed) is not in the first load (4 kB).
      treeshake: { moduleSideEffects: [{ test: /src\/projections\//, sideEffects: false }] },
    },
  },
});
