import type { ApiOperation } from './api-documents.ts';

/** What it is for, and for whom. */
export function OperationHead({ operation }: { readonly operation: ApiOperation }) {
  const { method, path, summary, description } = operation;
  return (
    <div>
      <h3 className="mono font-semibold">
        {method} {path}
      </h3>
      <p>
        {summary} <span className="text-muted">{description}</span>
      </p>
    </div>
  );
}
