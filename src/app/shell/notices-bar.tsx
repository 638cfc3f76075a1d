import { CircleAlert, Info, X } from 'lucide-react';
import { useState } from 'react';
import { useActions, useRun, useView } from '../state/hooks.ts';
import type { Notice } from '../state/page-run.ts';
import { ZONES } from '../state/view-store.ts';

const unknownZones = (names: readonly string[]): Notice[] =>
  names.length === 0
    ? []
    : [
        {
          id: 'unknown-zones',
          level: 'warning',
          text: `The page has no part “${names.join('”, “').slice(0, 99)}” to hide. Its parts: ${ZONES.join(', ')}.`,
        },
      ];

/** What a person should know of the circumstances: a missing service worker, no databases, another tab. */
export function NoticesBar() {
  const actions = useActions();
  const notices = [
    ...unknownZones(useView((state) => state.unknownZones)),
    ...useRun((state) => state.notices),
  ];
  const [dismissed, setDismissed] = useState<readonly string[]>([]);
  const shown = notices.filter((notice) => !dismissed.includes(`${notice.id}/${notice.text}`));
  if (shown.length === 0) return null;
  return (
    <div className="notices" role="status">
      {shown.map((notice) => (
        <p key={notice.id} className="notice" data-level={notice.level}>
          {notice.level === 'info' ? (
            <Info size={16} aria-hidden="true" />
          ) : (
            <CircleAlert size={16} aria-hidden="true" />
          )}
          <span className="grow">{notice.text}</span>
          {notice.action !== undefined && (
            <button
              type="button"
              className="btn btn-small"
              onClick={() => actions.perform(notice.action?.command ?? null)}
            >
              {notice.action.title}
            </button>
          )}
          <button
            type="button"
            className="icon-btn"
            aria-label="Dismiss"
            onClick={() => setDismissed([...dismissed, `${notice.id}/${notice.text}`])}
          >
            <X size={15} aria-hidden="true" />
          </button>
        </p>
      ))}
    </div>
  );
}
