// The pure folders have neither TextEncoder nor btoa: these are the few lines we need of both.

/** Most texts here are ASCII (tokens above all), and many are read at every hop: null when this one is not. */
function asciiBytes(text: string): Uint8Array | null {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code >= 0x80) return null;
    bytes[index] = code;
  }
  return bytes;
}

function asciiText(bytes: Uint8Array): string | null {
  let text = '';
  for (const byte of bytes) {
    if (byte >= 0x80) return null;
    text += String.fromCharCode(byte);
  }
  return text;
}

/** A text's UTF-8 bytes. A lone surrogate becomes U+FFFD, as in TextEncoder. */
export function utf8Bytes(text: string): Uint8Array {
  const ascii = asciiBytes(text);
  if (ascii !== null) return ascii;
  const bytes: number[] = [];
  for (const character of text) {
    let code = character.codePointAt(0) ?? 0xfffd;
    if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 0x3f));
    else if (code < 0x10000) {
      bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
    } else {
      bytes.push(
        0xf0 | (code >> 18),
        0x80 | ((code >> 12) & 0x3f),
        0x80 | ((code >> 6) & 0x3f),
        0x80 | (code & 0x3f),
      );
    }
  }
  return Uint8Array.from(bytes);
}

/** The text that these UTF-8 bytes spell; null when they are not UTF-8. */
export function utf8Text(bytes: Uint8Array): string | null {
  const ascii = asciiText(bytes);
  if (ascii !== null) return ascii;
  const escaped = Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  try {
    return decodeURIComponent(escaped);
  } catch {
    return null; // the standard decoder refuses malformed UTF-8, overlong forms included
  }
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** RFC 4648 §5 without padding. */
export function base64url(bytes: Uint8Array): string {
  let text = '';
  for (let index = 0; index < bytes.length; index += 3) {
    const [a = 0, b = 0, c = 0] = bytes.subarray(index, index + 3);
    const group = (a << 16) | (b << 8) | c;
    const length = Math.min(3, bytes.length - index) + 1;
    for (let place = 0; place < length; place += 1) text += ALPHABET[(group >> (18 - 6 * place)) & 0x3f];
  }
  return text;
}

/** The 6 bits of each character by its code; 64: it has none. */
const SEXTETS = Uint8Array.from({ length: 128 }, (_, code) => {
  const sextet = ALPHABET.indexOf(String.fromCharCode(code));
  return sextet < 0 ? 64 : sextet;
});

/** The bytes of a base64url text; null when it is not canonical base64url (so one value has one spelling). */
export function base64urlBytes(text: string): Uint8Array | null {
  if (text.length % 4 === 1) return null;
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let bits = 0;
  let count = 0;
  let filled = 0;
  for (let index = 0; index < text.length; index += 1) {
    const sextet = SEXTETS[text.charCodeAt(index)] ?? 64;
    if (sextet === 64) return null;
    bits = ((bits << 6) | sextet) & 0xffff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes[filled] = (bits >> count) & 0xff;
      filled += 1;
    }
  }
  return (bits & ((1 << count) - 1)) === 0 ? bytes : null;
}

export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** The bytes of an even number of hex digits. */
export const hexBytes = (text: string): Uint8Array =>
  Uint8Array.from({ length: text.length / 2 }, (_, index) =>
    Number.parseInt(text.slice(index * 2, index * 2 + 2), 16),
  );
