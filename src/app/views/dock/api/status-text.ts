/** The usual words for a status (RFC 9110 and 6585). */
const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No Content',
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** Said by the gateway, whatever the operation: no document of a service has them. */
const OF_THE_GATEWAY: Readonly<Record<number, string>> = {
  502: 'The gateway could not reach the service.',
  504: 'The service did not answer the gateway in time.',
};

/** "404 Not Found", as far as the number has a name. */
export const statusName = (status: number): string => `${status} ${REASONS[status] ?? ''}`.trim();

/** What it means here: by the operation's document, where it says so. */
export const statusMeaning = (status: number, answers: Readonly<Record<string, string>>): string =>
  answers[status] ?? OF_THE_GATEWAY[status] ?? answers['default'] ?? '';
