import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App, openShop } from './app.tsx';
import './styles.css';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');

const stores = openShop(async (onProgress) => {
  onProgress('Loading the shop');
  const { startClassroom } = await import('./start-classroom.ts');
  return await startClassroom(onProgress);
});

createRoot(root).render(
  <StrictMode>
    <App stores={stores} />
  </StrictMode>,
);
