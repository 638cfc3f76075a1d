import * as z from 'zod/mini';
import { type Context, err, ok, type Result, type RunTimeUs } from '../kernel/index.ts';
import { base64url, base64urlBytes, utf8Bytes, utf8Text } from './utf8.ts';

// JSON Web Tokens (RFC 7519) signed with Ed25519 (RFC 8037). The one algorithm is fixed here, never read
// from the token: `none` and HMAC with a public key are the classic forgeries.

/** Run time 0 in seconds since 1970 (2026-01-01T00:00:00Z): a token's times must not depend on the wall clock. */
export const RUN_EPOCH_S = 1_767_225_600;

export const epochSeconds = (moment: RunTimeUs): number => RUN_EPOCH_S + Math.floor(moment / 1_000_000);

export const TOKEN_ISSUER = 'bulkhead/user';
export const TOKEN_AUDIENCE = 'bulkhead/shop';

export type Role = 'customer' | 'admin';

/** Who is signed in. */
export interface Principal {
  readonly customerId: string;
  readonly email: string;
  readonly roles: readonly Role[];
}

export interface SigningKey {
  readonly kid: string;
  /** 32 bytes. */
  readonly secretKey: Uint8Array;
}

export interface VerificationKey {
  readonly kid: string;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
}

export interface TokenClaims extends Principal {
  readonly issuer: string;
  readonly audience: string;
  /** Seconds since 1970. */
  readonly issuedAtS: number;
  readonly expiresAtS: number;
}

export interface TokenExpectation {
  readonly audience: string;
  readonly issuer: string;
  readonly nowUs: RunTimeUs;
}

type WithCrypto = Pick<Context, 'crypto'>;

/** A compact JWS. Its cost is charged by the caller. */
export function signToken(context: WithCrypto, claims: TokenClaims, key: SigningKey): string {
  const header = { alg: 'EdDSA', typ: 'JWT', kid: key.kid };
  const payload = {
    iss: claims.issuer,
    aud: claims.audience,
    sub: claims.customerId,
    email: claims.email,
    roles: claims.roles,
    iat: claims.issuedAtS,
    exp: claims.expiresAtS,
  };
  const signed = `${encode(header)}.${encode(payload)}`;
  return `${signed}.${base64url(context.crypto.ed25519Sign(utf8Bytes(signed), key.secretKey))}`;
}

const encode = (value: unknown): string => base64url(utf8Bytes(JSON.stringify(value)));

function decode(part: string): unknown {
  const bytes = base64urlBytes(part);
  const text = bytes === null ? null : utf8Text(bytes);
  if (text === null) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const headerSchema = z.looseObject({ alg: z.string(), kid: z.string(), crit: z.optional(z.unknown()) });
const payloadSchema = z.looseObject({
  iss: z.string(),
  aud: z.union([z.string(), z.array(z.string())]),
  sub: z.string().check(z.minLength(1)),
  email: z.string(),
  roles: z.array(z.enum(['customer', 'admin'])),
  iat: z.optional(z.number()),
  nbf: z.optional(z.number()),
  exp: z.number(),
});

/** Of the last token that was read: all that are signed with one key have the same. */
let lastHeader: { readonly part: string; readonly header: z.output<typeof headerSchema> | null } | null =
  null;

/** null: it cannot be read. */
function headerOf(part: string): z.output<typeof headerSchema> | null {
  if (lastHeader?.part !== part) {
    const header = z.safeParse(headerSchema, decode(part));
    lastHeader = { part, header: header.success ? header.data : null };
  }
  return lastHeader.header;
}

/** The `kid` that a token says it was signed with, before anything of it is believed; null when it is no token. */
export function tokenKeyId(token: string): string | null {
  return headerOf(token.split('.', 1)[0] ?? '')?.kid ?? null;
}

/** The token's owner, or in words why it is not accepted. All of signature, algorithm, time, audience and issuer must hold. */
export function verifyToken(
  context: WithCrypto,
  token: string,
  keys: readonly VerificationKey[],
  expected: TokenExpectation,
): Result<Principal, string> {
  const parts = token.split('.');
  const [headerPart, payloadPart, signaturePart] = parts;
  if (parts.length !== 3 || !headerPart || !payloadPart || signaturePart === undefined) {
    return err('it is not a token');
  }
  const header = headerOf(headerPart);
  if (header === null) return err('its header cannot be read');
  if (header.alg !== 'EdDSA') return err('it is not signed with EdDSA');
  if (header.crit !== undefined) return err('it asks for an extension that is not known here');
  const key = keys.find(({ kid }) => kid === header.kid);
  if (key === undefined) return err('it is signed with a key that is not known here');
  const signature = base64urlBytes(signaturePart);
  if (signature === null || signature.length !== 64) return err('its signature cannot be read');
  if (!signatureHolds(context, signature, `${headerPart}.${payloadPart}`, key)) {
    return err('its signature is wrong');
  }
  const payload = z.safeParse(payloadSchema, decode(payloadPart));
  if (!payload.success) return err('its content cannot be read');
  const { iss, aud, sub, email, roles, nbf, exp } = payload.data;
  if (iss !== expected.issuer) return err('it was issued by someone else');
  if (!(Array.isArray(aud) ? aud.includes(expected.audience) : aud === expected.audience)) {
    return err('it was made for someone else');
  }
  const nowS = epochSeconds(expected.nowUs);
  if (exp <= nowS) return err('it has expired');
  if (nbf !== undefined && nbf > nowS) return err('it is not valid yet');
  return ok({ customerId: sub, email, roles });
}

function signatureHolds(
  context: WithCrypto,
  signature: Uint8Array,
  signed: string,
  key: VerificationKey,
): boolean {
  try {
    return context.crypto.ed25519Verify(signature, utf8Bytes(signed), key.publicKey);
  } catch {
    return false; // a library may throw for a point that is not on the curve
  }
}
