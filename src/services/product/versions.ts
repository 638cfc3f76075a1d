import * as z from 'zod/mini';
import type { VersionLabel } from '../../kernel/index.ts';
import type { ServiceChange } from '../../patterns/index.ts';
import { type productContract, productSchema, reservationSchema } from './contract.ts';

type Product = z.output<typeof productSchema>;
type Page = z.output<NonNullable<typeof productContract.operations.listProducts.answer>>;
type Reservation = z.output<typeof reservationSchema>;

export const FEW = 10;

const availabilityOf = ({ available }: Product) =>
  available <= 0 ? 'sold-out' : available <= FEW ? 'few-left' : 'in-stock';

const withAvailability = (product: Product) => ({ ...product, availability: availabilityOf(product) });
const productWithAvailability = z.extend(productSchema, {
  availability: z.enum(['in-stock', 'few-left', 'sold-out']),
});
const showsAvailability = { answer: productWithAvailability, answered: withAvailability };

// Nobody in this service reads the old name, so all its own tests are green.
const { totalMinor, ...otherFields } = reservationSchema.shape;
const saysGoodsMinor = {
  answer: z.object({ ...otherFields, goodsMinor: totalMinor }),
  answered: ({ totalMinor: goodsMinor, ...rest }: Reservation) => ({ ...rest, goodsMinor }),
};

/** The versions after the first. */
export const productVersions: Readonly<Record<VersionLabel, ServiceChange>> = {
  v2: {
    service: 'product',
    version: '2.0.0',
    operations: {
      getProduct: showsAvailability,
      setPrice: showsAvailability,
      setStock: showsAvailability,
      listProducts: {
        answer: z.object({
          items: z.array(productWithAvailability),
          total: z.int(),
          limit: z.int(),
          offset: z.int(),
        }),
        answered: (page: Page) => ({ ...page, items: page.items.map(withAvailability) }),
      },
    },
  },
  v3: {
    service: 'product',
    version: '3.0.0',
    operations: { reserve: saysGoodsMinor, release: saysGoodsMinor, commit: saysGoodsMinor },
  },
};
