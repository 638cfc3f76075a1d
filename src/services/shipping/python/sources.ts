import contract from './contract.py?raw';
import handlers from './handlers.py?raw';
import model from './model.py?raw';
import moment from './moment.py?raw';
import news from './news.py?raw';
import orderEvents from './order_events.py?raw';
import ports from './ports.py?raw';
import problem from './problem.py?raw';
import sidecarLink from './sidecar_link.py?raw';
import tracking from './tracking.py?raw';
import trackingNumber from './tracking_number.py?raw';

/** Shipping's Python, by the names of its files. */
export const pythonSources: Readonly<Record<string, string>> = {
  'contract.py': contract,
  'handlers.py': handlers,
  'model.py': model,
  'moment.py': moment,
  'news.py': news,
  'order_events.py': orderEvents,
  'ports.py': ports,
  'problem.py': problem,
  'sidecar_link.py': sidecarLink,
  'tracking.py': tracking,
  'tracking_number.py': trackingNumber,
};
