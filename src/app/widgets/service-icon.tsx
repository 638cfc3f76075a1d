import {
  CreditCard,
  type LucideIcon,
  Package,
  ReceiptText,
  Split,
  Store,
  Truck,
  User,
  Users,
  Waypoints,
} from 'lucide-react';
import type { ServiceName } from '../../kernel/index.ts';

const ICONS: Partial<Record<ServiceName, LucideIcon>> = {
  customers: Users,
  gateway: Split,
  registry: Waypoints,
  user: User,
  product: Package,
  order: ReceiptText,
  shipping: Truck,
  monolith: Store,
  'payment-provider': CreditCard,
};

export function ServiceIcon({
  service,
  size = 16,
}: {
  readonly service: ServiceName;
  readonly size?: number;
}) {
  const Icon = ICONS[service];
  return Icon === undefined ? null : <Icon size={size} strokeWidth={1.75} aria-hidden="true" />;
}
