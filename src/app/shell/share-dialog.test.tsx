import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import decodeQR from 'qr/decode.js';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { openTestShop, renderIn, stubMedia, type TestShop } from '../testing/render-shop.tsx';
import ShareDialog from './share-dialog.tsx';

beforeEach(() => {
  stubMedia();
  history.replaceState(null, '', '/shop/?lang=de#setup=slow-payments&composition=monolith&secret=1');
});

async function open(): Promise<TestShop> {
  const shop = await openTestShop();
  shop.view.setState({
    shareOpen: true,
    selection: { kind: 'service', service: 'order' },
    dockOpen: true,
    dockTab: 'api',
    theme: 'dark',
    projector: true,
  });
  renderIn(shop, <ShareDialog />);
  return shop;
}

const HASH = '#setup=slow-payments&composition=monolith&select=service:order&dock=api&theme=dark';
const linkNow = () => screen.getByLabelText<HTMLTextAreaElement>('Link').value;
const htmlNow = () =>
  screen.getByLabelText<HTMLTextAreaElement>('HTML for a page that embeds the shop').value;

/** What a camera reads. */
function readQr(svg: Element): string {
  const size = Number(svg.getAttribute('viewBox')?.split(' ')[2]);
  const scale = 4;
  const width = size * scale;
  const data = new Uint8Array(width * width * 4).fill(255);
  for (const [, x, y] of (svg.querySelector('path')?.getAttribute('d') ?? '').matchAll(
    /M(\d+),(\d+)h1v1h-1z/g,
  )) {
    for (let row = 0; row < scale; row += 1) {
      const at = ((Number(y) * scale + row) * width + Number(x) * scale) * 4;
      for (let byte = 0; byte < scale * 4; byte += 1) if (byte % 4 !== 3) data[at + byte] = 0;
    }
  }
  return decodeQR({ width, height: width, data });
}

describe('Share', () => {
  it('links to what the page shows, and to nothing else of its address', async () => {
    await open();
    expect(linkNow()).toBe(`${location.origin}/shop/${HASH}&projector=1`);
  });

  it('has a QR code that says the same', async () => {
    await open();
    expect(readQr(screen.getByRole('img', { name: 'QR code of the link' }))).toBe(linkNow());
  });

  it('warns of an address that only this computer has', async () => {
    await open();
    expect(screen.getByText(/other devices cannot open it/)).toBeTruthy();
  });

  it('copies, and says that it has', async () => {
    const user = userEvent.setup();
    const copied = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue();
    await open();
    await user.click(screen.getByRole('button', { name: 'Copy the link' }));
    expect(copied).toHaveBeenCalledWith(linkNow());
    expect(await screen.findByText('Copied the link.')).toBeTruthy();
  });

  it('makes a frame without the parts that are left out', async () => {
    await open();
    const source = () =>
      new DOMParser().parseFromString(htmlNow(), 'text/html').querySelector('iframe')?.getAttribute('src');
    expect(source()).toBe(`${location.origin}/shop/${HASH}`);
    await userEvent.click(screen.getByRole('checkbox', { name: 'Dock' }));
    await userEvent.click(screen.getByRole('checkbox', { name: 'Top bar' }));
    expect(source()).toBe(`${location.origin}/shop/${HASH}&hide=top,dock`);
    await userEvent.click(screen.getByRole('checkbox', { name: 'Dock' }));
    expect(source()).toBe(`${location.origin}/shop/${HASH}&hide=top`);
    expect(linkNow()).not.toContain('hide');
  });

  it('closes by Escape', async () => {
    const shop = await open();
    await userEvent.keyboard('{Escape}');
    expect(shop.view.getState().shareOpen).toBe(false);
  });
});
