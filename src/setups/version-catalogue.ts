import { type DeployableService, FIRST_VERSION, type VersionLabel } from '../kernel/index.ts';

/** What a version does otherwise than the first. `breaking`: what a consumer knows of its contract does not hold any more. */
export type VersionChange = 'first' | 'new-field' | 'slow' | 'failing' | 'breaking';

export interface ServiceVersion {
  readonly label: VersionLabel;
  readonly change: VersionChange;
  /** As its team announces it. */
  readonly title: string;
  /** What really happens, for who wants to know beforehand. */
  readonly truth: string;
}

interface Owned {
  readonly team: string;
  readonly versions: readonly ServiceVersion[];
}

const first: ServiceVersion = {
  label: FIRST_VERSION,
  change: 'first',
  title: 'As the shop opened',
  truth: 'The version that every run begins with.',
};

/** Who owns each service, and which versions of it there are. Their code: `versions.ts` of each service. */
export const VERSION_CATALOGUE: Readonly<Record<DeployableService, Owned>> = {
  user: {
    team: 'Accounts',
    versions: [
      first,
      {
        label: 'v2',
        change: 'new-field',
        title: 'Profiles show initials',
        truth: 'A new field, initials, in each account. Nobody has to know of it.',
      },
      {
        label: 'v3',
        change: 'slow',
        title: 'Stronger password hashes',
        truth: 'Signing in and profiles take twenty times the work.',
      },
    ],
  },
  product: {
    team: 'Catalogue',
    versions: [
      first,
      {
        label: 'v2',
        change: 'new-field',
        title: 'Products say whether they are in stock',
        truth:
          'A new field, availability, in each product: in-stock, few-left or sold-out. Nobody has to know of it.',
      },
      {
        label: 'v3',
        change: 'breaking',
        title: 'Tidier names in reservations',
        truth:
          'A reservation\u2019s totalMinor is called goodsMinor now. Order looks for totalMinor and does not find it.',
      },
    ],
  },
  order: {
    team: 'Checkout',
    versions: [
      first,
      {
        label: 'v2',
        change: 'new-field',
        title: 'Orders count their items',
        truth: 'A new field, itemCount, in each order. Nobody has to know of it.',
      },
      {
        label: 'v3',
        change: 'failing',
        title: 'Faster checkout',
        truth: 'A mistake: four orders of ten, and as many looks at an order, are answered with 500.',
      },
    ],
  },
  shipping: {
    team: 'Delivery',
    versions: [
      first,
      {
        label: 'v2',
        change: 'new-field',
        title: 'Shipments say when they come',
        truth: 'A new field, estimatedDays, in each shipment. Nobody has to know of it.',
      },
      {
        label: 'v3',
        change: 'slow',
        title: 'Cheapest carrier of all',
        truth: 'It compares every carrier before it answers: each request takes fifteen times the work.',
      },
    ],
  },
};

export const versionsOf = (service: DeployableService): readonly ServiceVersion[] =>
  VERSION_CATALOGUE[service].versions;
