import { Minus, Plus } from 'lucide-react';
import type { ServiceName } from '../../../kernel/index.ts';
import { serviceTitle } from '../../../projections/index.ts';
import { useActions, useStores } from '../../state/hooks.ts';

const MOST = 8;

/** The others are known by one address, or belong to somebody else. */
const SCALABLE: readonly ServiceName[] = [
  'gateway',
  'broker',
  'user',
  'product',
  'order',
  'shipping',
  'monolith',
];

export const isScalable = (service: ServiceName): boolean => SCALABLE.includes(service);

const counted = (instances: number): string => (instances === 1 ? '1 instance' : `${instances} instances`);

/** How many instances a service has: one fewer, one more. Can be undone. */
export function ScaleStepper({
  service,
  instances,
}: {
  readonly service: ServiceName;
  readonly instances: number;
}) {
  const { view } = useStores();
  const actions = useActions();
  const title = serviceTitle(service);
  const ask = async (wanted: number) =>
    await actions.ask({ type: 'settings.set', patch: { services: { [service]: { instances: wanted } } } });
  const scale = async (wanted: number) => {
    const result = await ask(wanted);
    if (result.ok) view.toast(`${title}: ${counted(wanted)}`, { undo: () => void ask(instances) });
    else view.toast(result.error.message, { tone: 'fail' });
  };
  return (
    <span className="flex items-center gap-1">
      <button
        type="button"
        className="btn btn-small"
        disabled={instances <= 0}
        onClick={() => void scale(instances - 1)}
        aria-label={`One instance fewer of ${title}`}
      >
        <Minus size={13} aria-hidden="true" />
      </button>
      <output className="num px-1" aria-label={`${title} is to have`}>
        {counted(instances)}
      </output>
      <button
        type="button"
        className="btn btn-small"
        disabled={instances >= MOST}
        onClick={() => void scale(instances + 1)}
        aria-label={`One instance more of ${title}`}
      >
        <Plus size={13} aria-hidden="true" />
      </button>
    </span>
  );
}
