declare const brandName: unique symbol;

/** A `T` that only its own constructor may make: an order id is not a shipment id, microseconds are not milliseconds. */
export type Brand<T, Name extends string> = T & { readonly [brandName]: Name };
