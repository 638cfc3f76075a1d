import { formatRunTime, listIntents, shortId } from '../../../projections/index.ts';
import { useProjections, useStores, useView } from '../../state/hooks.ts';
import { Empty } from '../../widgets/empty.tsx';
import { orderStatus, StatusWord } from '../../widgets/status-word.tsx';

const SHOWN = 120;

/** Orders, newest first; the chosen one's trace and saga are beside it. */
export function OrdersList({ chosen }: { readonly chosen: string | null }) {
  const { view } = useStores();
  const { projections } = useProjections(2);
  const orders = listIntents(projections.orders, SHOWN);
  if (orders.length === 0) return <Empty>No order yet. Press Play, or send one.</Empty>;
  return (
    <ul className="orders" aria-label="Orders">
      {orders.map((order) => {
        const { orderId } = order;
        return (
          <li key={orderId ?? order.intentId}>
            <button
              type="button"
              className="order"
              aria-pressed={(orderId ?? order.intentId) === chosen}
              onClick={() =>
                view.select(
                  orderId === null
                    ? { kind: 'intent', intentId: order.intentId }
                    : { kind: 'order', orderId },
                )
              }
            >
              <span className="num mono text-muted">{formatRunTime(order.startedUs)}</span>
              <span className="mono grow truncate">
                {orderId === null ? order.intentId : shortId(orderId)}
              </span>
              <StatusWord
                status={orderStatus(
                  order,
                  orderId === null ? undefined : projections.sagas.byOrder.get(orderId),
                )}
              />
            </button>
          </li>
        );
      })}
    </ul>
  );
}

/** The chosen order; else the latest that went wrong; else the latest. */
export function useChosenOrder(): string | null {
  const orderId = useView((state) => state.orderId);
  const { projections } = useProjections(3);
  if (orderId !== null && projections.orders.byOrder.has(orderId)) return orderId;
  const orders = listIntents(projections.orders, SHOWN).filter((order) => order.orderId !== null);
  const wrong = orders.find((order) => {
    const saga = order.orderId === null ? undefined : projections.sagas.byOrder.get(order.orderId);
    return saga !== undefined && saga.compensatingUs !== null;
  });
  return (wrong ?? orders[0])?.orderId ?? null;
}
