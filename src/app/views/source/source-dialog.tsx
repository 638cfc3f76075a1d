import { Tabs } from 'radix-ui';
import { useState } from 'react';
import type { Implementation, ServiceName } from '../../../kernel/index.ts';
import { serviceTitle } from '../../../projections/index.ts';
import { DialogWindow } from '../../widgets/dialog-window.tsx';
import { Segmented } from '../../widgets/segmented.tsx';
import { LANGUAGES } from './language-word.ts';
import { firstOf, type SourceFile, sourceOf } from './source-texts.ts';
import './source-dialog.css';

interface SourceDialogProps {
  readonly service: ServiceName;
  /** What its instances run now. */
  readonly runs: Implementation;
  readonly onClose: () => void;
}

/** A service's code, to read: the files that this page was built from. */
export default function SourceDialog({ service, runs, onClose }: SourceDialogProps) {
  const [implementation, setImplementation] = useState(runs);
  const languages = (['typescript', 'python'] as const).filter(
    (language) => sourceOf(service, language).length > 0,
  );
  const files = sourceOf(service, implementation);
  return (
    <DialogWindow
      title={`Source: ${serviceTitle(service)}`}
      open={true}
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      className="source"
    >
      {languages.length > 1 && (
        <Segmented
          className="mb-3"
          legend="Implementation to read"
          options={languages.map((value) => ({ value, label: LANGUAGES[value] }))}
          value={implementation}
          onChange={setImplementation}
        />
      )}
      <Files key={implementation} files={files} />
    </DialogWindow>
  );
}

function Files({ files }: { readonly files: readonly SourceFile[] }) {
  return (
    <Tabs.Root className="source-files" defaultValue={firstOf(files)} orientation="vertical">
      <Tabs.List className="source-tabs" aria-label="Files">
        {files.map(({ name }) => (
          <Tabs.Trigger key={name} value={name} className="source-tab mono">
            {name}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      {files.map(({ name, path, text }) => (
        <Tabs.Content key={name} value={name} className="source-file" tabIndex={-1}>
          <p className="mono text-s text-muted">{path}</p>
          {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard */}
          <section className="source-text" tabIndex={0} aria-label={`Text of ${name}`}>
            <pre>
              {text
                .trimEnd()
                .split('\n')
                .map((line, index) => (
                  // Lines never move: a line's number is what it is known by.
                  <code key={index}>{`${line}\n`}</code>
                ))}
            </pre>
          </section>
        </Tabs.Content>
      ))}
    </Tabs.Root>
  );
}
