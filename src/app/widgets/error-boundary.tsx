import { Component, type ErrorInfo, type ReactNode } from 'react';

interface Props {
  readonly name: string;
  readonly children: ReactNode;
}

interface State {
  readonly error: Error | null;
  readonly where: string;
}

/** A view that fails does not take the others with it: it says so, and its error can be copied. */
export class ErrorBoundary extends Component<Props, State> {
  override state: State = { error: null, where: '' };

  static getDerivedStateFromError(error: unknown): Partial<State> {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override componentDidCatch(_error: unknown, info: ErrorInfo): void {
    this.setState({ where: info.componentStack ?? '' });
  }

  override render(): ReactNode {
    const { error, where } = this.state;
    if (error === null) return this.props.children;
    const report = `${this.props.name}: ${error.message}\n${error.stack ?? ''}\n${where}`;
    return (
      <div role="alert" className="flex h-full flex-col items-start gap-2 overflow-auto p-4">
        <p className="font-semibold">{this.props.name} failed. The rest of the page goes on.</p>
        <p className="mono text-s text-muted">{error.message}</p>
        <div className="flex gap-2">
          <button type="button" className="btn" onClick={() => void navigator.clipboard?.writeText(report)}>
            Copy the error
          </button>
          <button type="button" className="btn" onClick={() => this.setState({ error: null, where: '' })}>
            Try again
          </button>
        </div>
      </div>
    );
  }
}
