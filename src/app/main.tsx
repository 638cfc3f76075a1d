import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App, openShop } from './app.tsx';
import { keepCopy, takeNewBuild } from './keep-copy.ts';
import { readRunWish } from './state/hash.ts';
import './styles.css';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');

const stores = openShop(async (onProgress) => {
  onProgress('Loading the shop');
  await takeNewBuild();
  const { startWished } = await import('./start-run.ts');
  return await startWished(readRunWish(location.hash))(onProgress);
});

const opened = stores.run.subscribe(({ phase, run }) => {
  if (phase !== 'ready') return;
  opened();
  void keepCopy(run !== null && run.lab !== null);
});

createRoot(root).render(
  <StrictMode>
    <App stores={stores} />
  </StrictMode>,
);
