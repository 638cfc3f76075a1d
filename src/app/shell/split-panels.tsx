import type { ReactNode } from 'react';
import { Group, Panel, Separator } from 'react-resizable-panels';

/** The stage above, the dock below, and a handle between them. */
export default function SplitPanels({
  stage,
  dock,
}: {
  readonly stage: ReactNode;
  readonly dock: ReactNode;
}) {
  return (
    <Group orientation="vertical" id="main">
      <Panel id="stage" minSize="300px">
        {stage}
      </Panel>
      <Separator className="separator" />
      <Panel id="dock-panel" defaultSize="232px" minSize="140px" maxSize="70%">
        {dock}
      </Panel>
    </Group>
  );
}
