import type { Category, ProductRow } from './tables.ts';

type Good = readonly [
  sku: string,
  name: string,
  description: string,
  priceMinor: number,
  weightG: number,
  stock: number,
];

const GOODS: Readonly<Record<Category, readonly Good[]>> = {
  kitchen: [
    [
      'kitchen-01',
      'Moka pot, 6 cups',
      'Aluminium stove-top coffee maker with a wooden handle.',
      3490,
      750,
      4000,
    ],
    [
      'kitchen-02',
      'Cast-iron pan, 26 cm',
      'Heavy pan for every hob; gets better with the years.',
      4990,
      2400,
      2500,
    ],
    [
      'kitchen-03',
      "Chef's knife, 20 cm",
      'Forged steel blade, well balanced, easy to sharpen.',
      6900,
      220,
      3000,
    ],
    [
      'kitchen-04',
      'Bread tin',
      'Loaf tin for a kilogram of bread, with a non-stick lining.',
      1890,
      620,
      5000,
    ],
    ['kitchen-05', 'Digital scale', 'Weighs up to 5 kg, to the gram.', 2490, 480, 3500],
    ['kitchen-06', 'Tea towels, set of 4', 'Cotton, striped, washable at 60 °C.', 1590, 320, 8000],
  ],
  office: [
    ['office-01', 'Desk lamp', 'LED lamp with a long arm and three levels of light.', 5490, 1350, 3000],
    ['office-02', 'Fountain pen', 'Steel nib, takes cartridges or a converter.', 2990, 30, 6000],
    ['office-03', 'Notebook, dotted', '160 numbered pages of thick paper, opens flat.', 1490, 350, 12000],
    ['office-04', 'Mechanical keyboard', 'Quiet switches, German or English layout.', 8990, 980, 2000],
    ['office-05', 'Monitor stand', 'Bamboo, with a drawer for pens.', 3990, 2100, 1800],
    ['office-06', 'Noise-blocking headphones', 'Over the ear, 30 hours on one charge.', 14900, 290, 2200],
  ],
  outdoor: [
    ['outdoor-01', 'Rucksack, 28 litres', 'Waterproof day pack with a ventilated back.', 8490, 1100, 2600],
    ['outdoor-02', 'Vacuum flask, 1 litre', 'Keeps tea hot for twelve hours.', 2790, 520, 5000],
    ['outdoor-03', 'Head torch', '300 lumens, rechargeable, with a red light.', 3290, 90, 4200],
    ['outdoor-04', 'Two-person tent', 'Freestanding tent for three seasons.', 19900, 2300, 900],
    ['outdoor-05', 'Sleeping mat', 'Self-inflating, 5 cm thick.', 5990, 850, 2400],
    [
      'outdoor-06',
      'Rain jacket',
      'Light shell with taped seams; packs into its own pocket.',
      9900,
      310,
      3200,
    ],
  ],
  games: [
    ['games-01', 'Chess set', 'Beech pieces on a folding board.', 3990, 1200, 2800],
    ['games-02', 'Jigsaw, 1000 pieces', 'A map of the night sky.', 1690, 700, 5000],
    [
      'games-03',
      'Strategy game "Harbour"',
      'Trade and build for two to four players, 90 minutes.',
      4490,
      1500,
      2600,
    ],
    ['games-04', 'Playing cards', 'Two decks in a tin.', 990, 200, 15000],
    ['games-05', 'Dice tower', 'Birch plywood, put together without glue.', 2190, 600, 3000],
    ['games-06', 'Go board', '19 × 19 lines, with glass stones.', 7490, 3200, 1200],
  ],
};

/** The goods that a shop opens with. */
export const CATALOGUE: readonly ProductRow[] = Object.entries(GOODS).flatMap(([category, goods]) =>
  goods.map(([sku, name, description, priceMinor, weightG, stock]) => ({
    sku,
    category: category as Category,
    name,
    description,
    priceMinor,
    currency: 'EUR' as const,
    weightG,
    stock,
    reserved: 0,
    held: 0,
  })),
);
