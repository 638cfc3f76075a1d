// Stands in for `d3-color` in the bundles (see vite.config.ts): d3-zoom brings it by way of d3-transition, for
// transitions from one colour to another. The diagram moves and scales by d3 and is coloured by CSS.

/** As d3-color answers for a text that is no colour: it is interpolated as a text then. */
export const color = (): null => null;

const none = (): never => {
  throw new Error('There is no d3-color in this page: colours are in CSS.');
};

export { none as cubehelix, none as hcl, none as hsl, none as lab, none as rgb };
