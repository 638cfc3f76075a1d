import type { Notice } from './messages.ts';

/** Timers of a hidden tab are held back: its run stands still instead, on either host. */
export const HIDDEN_NOTICE: Notice = {
  id: 'hidden',
  level: 'info',
  text: 'The run was paused while its tab was hidden, and went on when you came back.',
};
