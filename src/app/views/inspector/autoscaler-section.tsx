import { lazy, Suspense, useState } from 'react';
import type { ServiceName } from '../../../kernel/index.ts';
import { useRun } from '../../state/hooks.ts';

const AutoscalerForm = lazy(() => import('./autoscaler-form.tsx'));

/** Folded until somebody wants it, or it is at work. */
export function AutoscalerSection({ service }: { readonly service: ServiceName }) {
  const isOn = useRun((state) => state.projections.facts.settings?.autoscaler?.services[service] != null);
  const [opened, setOpened] = useState<boolean | null>(null);
  const open = opened ?? isOn;
  return (
    <section>
      <details open={open} onToggle={({ currentTarget }) => setOpened(currentTarget.open)}>
        <summary className="section-title">Autoscaler: {isOn ? 'on' : 'off'}</summary>
        {open && (
          <Suspense fallback={null}>
            <AutoscalerForm service={service} />
          </Suspense>
        )}
      </details>
    </section>
  );
}
