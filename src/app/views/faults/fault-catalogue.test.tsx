import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, it } from 'vitest';
import type { ScheduledFault } from '../../../faults/index.ts';
import type { FaultId, Json } from '../../../kernel/index.ts';
import { runTimeUs } from '../../../kernel/index.ts';
import { classroom } from '../../../setups/index.ts';
import { openTestShop, renderIn, stubMedia } from '../../testing/render-shop.tsx';
import { Controls } from '../controls/controls.tsx';
import ScriptView from './script-view.tsx';

beforeEach(() => stubMedia());

const HANG = { kind: 'hang', target: { kind: 'service', service: 'shipping' }, lengthMs: 5000 } as const;

async function openCatalogue() {
  const shop = await openTestShop();
  renderIn(shop, <Controls />);
  const user = userEvent.setup();
  await user.click(await screen.findByRole('button', { name: 'More faults…' }));
  const dialog = await screen.findByRole('dialog', { name: 'All faults' });
  return { shop, user, dialog: within(dialog) };
}

it('FAULT-17 a fault of the catalogue is two clicks from “More faults…”, where the controls stood', async () => {
  const { shop, user, dialog } = await openCatalogue();
  await user.click(dialog.getByRole('button', { name: 'Hang' }));
  await user.click(dialog.getByRole('button', { name: 'Break it' }));
  expect(shop.commands).toContainEqual({ type: 'fault.add', fault: { ...HANG, lengthMs: null } });
  await waitFor(() => expect(screen.queryByRole('dialog')).toBe(null));
});

it('FAULT-16 it can be planned, again and again', async () => {
  const { shop, user, dialog } = await openCatalogue();
  await user.click(dialog.getByRole('button', { name: 'Hang' }));
  await user.click(dialog.getByRole('radio', { name: 'in 10 s' }));
  await user.click(dialog.getByRole('radio', { name: '3 times' }));
  await user.click(dialog.getByRole('button', { name: 'Plan it' }));
  await waitFor(() => expect(shop.commands.at(-1)).toMatchObject({ type: 'fault.schedule' }));
  expect(shop.commands.at(-1)).toMatchObject({
    fault: HANG,
    repeat: { count: 3, gapMs: 10_000, gapSpread: 0.5 },
  });
  expect(shop.view.getState().toasts[0]?.text).toBe('Shipping: Hang, planned');
  shop.view.getState().toasts[0]?.undo?.();
  expect(shop.commands.at(-1)).toEqual({ type: 'fault.clear', faultId: 'f-new' });
});

it('says what is wrong with a size, and does not take it', async () => {
  const { shop, user, dialog } = await openCatalogue();
  await user.click(dialog.getByRole('button', { name: 'Slow CPU' }));
  const factor = dialog.getByRole('textbox', { name: /Works so many times as long/ });
  await user.clear(factor);
  await user.type(factor, '1000');
  expect(dialog.getByText('Works so many times as long: from 1 to 100 ×.')).toBeTruthy();
  expect(dialog.getByRole('button', { name: 'Break it' })).toHaveProperty('disabled', true);
  expect(shop.commands).toEqual([]);
});

it('FAULT-16 the script shows what was, is and will be on', async () => {
  const later: ScheduledFault = {
    atMs: 60_000,
    fault: { ...HANG, target: { kind: 'service', service: 'user' } },
  };
  const shop = await openTestShop(
    (script) => {
      script.fault(2, 'f1', HANG as unknown as Record<string, Json>);
      script.write(
        { at: 7, by: 'run-1' },
        { type: 'fault.ended', faultId: 'f1' as FaultId, reason: 'elapsed' },
      );
      script.write(
        { at: 8, by: 'run-1' },
        {
          type: 'fault.planned',
          faultId: 'f2' as FaultId,
          fault: HANG as unknown as Json,
          atUs: runTimeUs(20_000_000),
          repeat: { count: 2, gapMs: 10_000, gapSpread: 0 },
        },
      );
    },
    { setup: { ...classroom, faults: [later] }, nowS: 10 },
  );
  renderIn(shop, <ScriptView />);
  const rows = (await screen.findAllByRole('listitem')).map(({ textContent }) => textContent);
  expect(rows).toEqual([
    'Shipping: Hang over0:02.0 – 0:07.0',
    'Shipping: Hang to come0:20.0 – 0:25.0',
    'Shipping: Hang to come0:35.0 – 0:40.0',
    'User: Hang to come1:00.0 – 1:05.0',
  ]);
});
