import type { ViewStore } from './view-store.ts';

/** On, with a full screen where that is allowed; off again, and out of it. */
export function toggleProjector(view: ViewStore): void {
  const projector = !view.getState().projector;
  view.setState({ projector });
  // Refused in a frame, and missing on some telephones: larger and clearer it is all the same.
  if (projector) document.documentElement.requestFullscreen?.().catch(() => {});
  else if (document.fullscreenElement != null) document.exitFullscreen().catch(() => {});
}
