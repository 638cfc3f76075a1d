import { DropdownMenu } from 'radix-ui';
import { useStores } from '../state/hooks.ts';
import type { DockTab } from '../state/view-store.ts';
import { TAB_TITLES } from './time-bar.tsx';

/** The tabs that the window has no room for. */
export default function MoreTabs({ tabs }: { readonly tabs: readonly DockTab[] }) {
  const { view } = useStores();
  return (
    // Not modal: it may be gone with the tab that was chosen, and would leave the page deaf to the mouse.
    <DropdownMenu.Root defaultOpen modal={false}>
      <DropdownMenu.Trigger className="dock-tab">More</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" side="top" align="end" sideOffset={8}>
          {tabs.map((tab) => (
            <DropdownMenu.Item key={tab} className="menu-item" onSelect={() => view.openDock(tab)}>
              {TAB_TITLES[tab]}
            </DropdownMenu.Item>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
