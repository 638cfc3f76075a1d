import type { VersionLabel } from '../../kernel/index.ts';
import { type JsonObject, type VersionChanges, withField } from '../../patterns/index.ts';

/** `Ada Lovelace` → `AL`. */
function withInitials(customer: JsonObject): JsonObject {
  const { name } = customer;
  const words = typeof name === 'string' ? name.split(/\s+/) : [];
  return { ...customer, initials: words.map((word) => word.slice(0, 1).toUpperCase()).join('') };
}

const initials = withField('initials', { type: 'string' });

/** Twenty times the work in all. */
const STRONGER_HASH = { extraWork: 19 };

/** User's later versions: what they do otherwise than the first. */
export const userVersions: Readonly<Record<VersionLabel, VersionChanges>> = {
  v2: {
    'GET /users/me': { answer: withInitials, answerSchema: initials },
    'PATCH /users/me': { answer: withInitials, answerSchema: initials },
    'GET /users/{userId}': { answer: withInitials, answerSchema: initials },
  },
  v3: { 'POST /sessions': STRONGER_HASH, 'GET /users/me': STRONGER_HASH },
};
