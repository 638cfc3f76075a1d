import type { UserRow } from './tables.ts';

// Salt and scrypt hash of DEMO_PASSWORD for each account, worked out beforehand so that the shop opens at
// once (13 hashes take half a second). demo-accounts.test.ts works them all out again with the crypto port.
const ACCOUNTS: readonly (readonly [name: string, fullName: string, salt: string, hash: string])[] = [
  [
    'ada',
    'Ada Lovelace',
    '9ddbaf5648686f2da2f305757538c7cc',
    '1cee1585cd18b08933130af3611449b231a48b748468a820993d2024318a33dd',
  ],
  [
    'ben',
    'Ben Okafor',
    '62aa634acfab28330a612064863a8026',
    '65c3860f555ffcafd932037906f060d530e7e5797fbb9b5760f84bccfc853802',
  ],
  [
    'chloe',
    'Chloé Martin',
    'a6510da6684d5907838f9f1b09593c7e',
    '590ae506343d29f2b0ddb93d35254958f75731232959872a71efef03ddce358f',
  ],
  [
    'dmitri',
    'Dmitri Sokolov',
    '2f87af77c2cc538c929bd60ac40d8350',
    '9c7f2182608c5c6c8609bece521f2209ffb992c185be672c75a72322599383e8',
  ],
  [
    'emma',
    'Emma Schneider',
    '8741acc0863dad37afc0b8593acbe586',
    'dcf9650e4049bd896ab9a19a5670d2b697d7a43c5982705673fb193ca0a8c127',
  ],
  [
    'farid',
    'Farid Haddad',
    'a765e8ca1b48c508f967deac7f363f64',
    '17c483aaa45e6f24d92b8f2107be8a007f028fbf434ea1eeb559a73a70caa5cc',
  ],
  [
    'grace',
    'Grace Kim',
    'bacf7d9a1904143e5ff6c6fbbd9ddad0',
    '3c406f68b78222650d79fa6392c6980ca00f3c4993abb621a4f6cbb6dbb5ee87',
  ],
  [
    'hugo',
    'Hugo Lindqvist',
    '9f9989bfe19c1af12e10991b13ae3533',
    '3e6914f0a891009c82eb32ac94aaa828dbb19be5804b54cc2d856d3cfe9308f4',
  ],
  [
    'ines',
    'Inês Carvalho',
    '36f3f5185ea2cf3c31dbd0de02bf75cc',
    '86365b0f72d9aa1a4e0c6d1ec947c028b0a8265666c638fc4e4bcb2cce0c65f7',
  ],
  [
    'jonas',
    'Jonas Weber',
    '41551d767821dd494a377bf7c33a9aea',
    '87203aae66d5d216867fee27c79c3e297a5917f0e277ec5911d017c33a944e35',
  ],
  [
    'kira',
    'Kira Novak',
    'c986545e596e28631d84562dae85a4e5',
    'd9bf2fed7e21dcaaf9c360e98a9d575ce20353bb185a46cd7e46a99a993d4700',
  ],
  [
    'leo',
    'Leo Rossi',
    '8f668ae17f10bdea67bc661f5c0a5c83',
    'da50cbc15570aebe3db8ba72850d239b00502c26ec83e1ef4202ed753152260b',
  ],
  [
    'admin',
    'Shop administrator',
    '17132bd2f4e0d363846fa0ddd88d7acb',
    '9476fa051224c8d487912aa8e5787d1da3ce2fe4e4c7cac97749caab5200a933',
  ],
];

/** Twelve customers and one administrator, all with `DEMO_PASSWORD`. */
export const DEMO_ACCOUNTS: readonly Omit<UserRow, 'phone' | 'createdUs'>[] = ACCOUNTS.map(
  ([name, fullName, salt, hash]) => ({
    customerId: `cus_${name}`,
    email: `${name}@example.com`,
    name: fullName,
    roles: name === 'admin' ? ['admin'] : ['customer'],
    salt,
    hash,
  }),
);
