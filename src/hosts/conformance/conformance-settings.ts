import type { CapacitySettings, RunSettings } from '../../kernel/index.ts';
import { classroom, type Setup } from '../../setups/index.ts';

/** One way of a message, without spread. */
export const HOP_MS = 10;

/** Of `product`: few, so that they can be used up. */
export const PRODUCT_SLOTS = 2;
export const PRODUCT_QUEUE = 1;
export const PRODUCT_CPUS = 2;

const wide: Partial<CapacitySettings> = { instances: 1, requestSlots: 100, queueLimit: 100, cpuSlots: 100 };
const { settings } = classroom;
const { services } = settings;

const conformanceSettings: RunSettings = {
  ...settings,
  hop: { meanMs: HOP_MS, spread: 0 },
  services: {
    ...services,
    gateway: { ...services.gateway, ...wide },
    order: { ...services.order, ...wide, instances: 2 },
    shipping: { ...services.shipping, ...wide },
    product: {
      ...services.product,
      instances: 1,
      requestSlots: PRODUCT_SLOTS,
      queueLimit: PRODUCT_QUEUE,
      cpuSlots: PRODUCT_CPUS,
    },
  },
};

export const conformanceSetup = (name: string): Setup => ({
  ...classroom,
  name,
  seed: 7,
  settings: conformanceSettings,
  faults: [],
});
