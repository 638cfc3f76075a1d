import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App, openShop } from './app.tsx';
import { readRunWish } from './state/hash.ts';
import './styles.css';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');

const stores = openShop(async (onProgress) => {
  onProgress('Loading the shop');
  const { startWished } = await import('./start-run.ts');
  return await startWished(readRunWish(location.hash))(onProgress);
});

createRoot(root).render(
  <StrictMode>
    <App stores={stores} />
  </StrictMode>,
);
