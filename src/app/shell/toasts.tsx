import { X } from 'lucide-react';
import { useStores, useView } from '../state/hooks.ts';

/** What was just done, with Undo. */
export function Toasts() {
  const { view } = useStores();
  const toasts = useView((state) => state.toasts);
  return (
    <div className="toasts" role="status">
      {toasts.map((toast) => (
        <div key={toast.id} className="toast" data-tone={toast.tone}>
          <span>{toast.text}</span>
          {toast.undo !== null && (
            <button
              type="button"
              className="toast-undo"
              onClick={() => {
                toast.undo?.();
                view.dismissToast(toast.id);
              }}
            >
              Undo
            </button>
          )}
          {toast.action !== null && (
            <button
              type="button"
              className="toast-undo"
              onClick={() => {
                toast.action?.act();
                view.dismissToast(toast.id);
              }}
            >
              {toast.action.title}
            </button>
          )}
          <button
            type="button"
            className="icon-btn toast-close"
            aria-label="Dismiss"
            onClick={() => view.dismissToast(toast.id)}
          >
            <X size={14} aria-hidden="true" />
          </button>
        </div>
      ))}
    </div>
  );
}
