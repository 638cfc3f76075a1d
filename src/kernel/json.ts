/** What survives JSON, a structured clone and a log file alike. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
